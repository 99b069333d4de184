"""Groups of turns and mirrors, and what keeps a symmetry."""
