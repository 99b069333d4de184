"""Files of patterns and captures."""
