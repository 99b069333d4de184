"""Trigger rates and efficiencies."""
