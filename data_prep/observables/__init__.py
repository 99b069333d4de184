"""What physicists compute of a jet by hand, from the four-momenta of its constituents; one idea a file.

Directions are rapidity y and azimuth φ, distances ΔR² = Δy² + Δφ², as FastJet has them. Nothing is divided by a jet
radius (R = 1), which no input file needs to state then.
"""
