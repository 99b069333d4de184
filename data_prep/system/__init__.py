"""The machine: other programs, workers, memory, compiled functions."""
