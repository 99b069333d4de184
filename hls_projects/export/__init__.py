"""The firmware bundle that an experiment takes over; every part of it is a target, a file in `targets/`."""
