"""The integer network: a lowered model as data, its arithmetic, and its proven types."""
