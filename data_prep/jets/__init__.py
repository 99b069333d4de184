"""Jets and their constituents: momenta, masses, labels, candidates, and where each jet stands in its file."""
