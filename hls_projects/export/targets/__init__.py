"""The parts of a bundle: proofs, vectors, HLS and RTL, and packages for the frameworks of experiments."""
