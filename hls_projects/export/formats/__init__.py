"""Files of patterns: the formats of boards and simulations."""
