"""Pixel grids: squares, hexagons and towers as pixels of jet images, one a file; trigger towers of whole events."""
