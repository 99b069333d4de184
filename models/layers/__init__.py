"""Layers that Keras and QKeras do not have, and the geometry of their windows."""
