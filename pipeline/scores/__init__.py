"""From jets to rows of scores."""
