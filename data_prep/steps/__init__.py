"""The preprocessing steps, one a file: the section of the configuration that asks for it, and its compiled function.

Constituent steps change pT, η and φ of one jet in place; image steps change the lit pixels of one image in place.
`data_prep/steps/order.py` puts them in order and `data_prep/images/kernel.py` runs them, fused, in one compiled pass.
"""
