"""Numbers of a jet that a network gives besides or instead of its kind."""
