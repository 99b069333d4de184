"""The frameworks that a bundle is made for."""
