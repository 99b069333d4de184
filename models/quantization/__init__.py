"""Fixed-point numbers in training: quantizers, their types, bits for each channel."""
