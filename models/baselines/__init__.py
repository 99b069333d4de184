"""Boosted trees on observables: what networks are compared with."""
