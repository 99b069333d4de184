"""The known layouts of files, one module each, which declares `LAYOUT`; and modules that several of them share.

`own` is the user's own layout, described in images.yaml.
"""
