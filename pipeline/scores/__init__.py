"""Scores of jets as the firmware computes them, one row a jet."""
