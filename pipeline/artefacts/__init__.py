"""What a stage leaves on disk: whole, with a manifest, read through one door."""
