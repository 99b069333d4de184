"""Boosted trees on jet observables, the reference that networks are compared with."""
