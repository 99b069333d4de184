"""The sections of the page, one a file; `page.py` lists them in order."""
