"""What a network costs: multiplications, parameters, bit operations."""
