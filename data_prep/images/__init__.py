"""Jet images: channels, the compiled kernel, augmentation, and batches of sparse images."""
