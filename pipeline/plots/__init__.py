"""Figures, one file a stage; each takes results and writes SVG, the same bytes for the same numbers."""
