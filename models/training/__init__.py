"""Trainings: batches, one network, several in turn, pruning."""
