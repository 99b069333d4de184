"""Whole events with pileup: images of towers with the truth of each tower and the truth jets."""
