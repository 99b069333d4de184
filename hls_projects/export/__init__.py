"""The firmware bundle: what an experiment takes in, one target a file.

A target is a function `write(design, root)` that adds its files below `root`, the folder of the bundle; `targets.py`
lists them.
"""
