"""The network architectures that can be named in `model.yaml`."""
