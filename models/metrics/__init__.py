"""The performance of networks, with statistical errors."""
