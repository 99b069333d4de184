"""Combinational logic: layers and the image builder traced, simplified and checked."""
