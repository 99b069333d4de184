"""The cost of a network: multiplications, parameters, bit operations."""
