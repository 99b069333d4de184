"""What preprocessing, pixels and a limited number of candidates leave of pT and mass."""
