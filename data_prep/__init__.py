"""From ROOT files to jet images: the lowest layer, free of any machine-learning library."""
