"""The networks that a word in `model.yaml` stands for."""
