"""From files to datasets, chunk by chunk, on one machine or many; what could not be read is counted."""
