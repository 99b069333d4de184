"""Model files and what goes with them."""
