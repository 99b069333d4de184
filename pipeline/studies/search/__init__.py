"""The search for the best tagger that fits: many short trainings, each with the cost of its own logic."""
