"""The commands of the pipeline, one a file."""
