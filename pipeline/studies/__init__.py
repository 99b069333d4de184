"""Studies of many trainings or many jets."""
