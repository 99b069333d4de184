"""The firmware bundle: what an experiment takes in, one target a file in `targets/`."""
