"""The layouts of files that are known; a layout is one file."""
