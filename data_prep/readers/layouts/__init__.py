"""The layouts of files that are known: each is one file that declares `LAYOUT`, beside what several of them share.

`own` is a layout of the user's, which images.yaml describes.
"""
