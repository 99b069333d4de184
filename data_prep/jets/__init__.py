"""Jets and their constituents: momenta, masses, labels, candidates, and the position of each jet in its file."""
