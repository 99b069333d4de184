"""How good a network is, and the statistical errors of that."""
