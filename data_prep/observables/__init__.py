"""Jet substructure observables, from the four-momenta of the constituents; one group of observables a file.

Directions are rapidity y and azimuth φ, distances ΔR² = Δy² + Δφ², as in FastJet. Nothing is divided by a jet radius
(R = 1), so that input files need not state one.
"""
