"""Comparisons of two forms of a network, integer by integer."""
