"""Many trainings to answer one question."""
