"""One command a file: what it reads, what it writes, one line at the end."""
