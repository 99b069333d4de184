"""Pixel grids: squares, hexagons, trigger towers."""
