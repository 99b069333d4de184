"""Simulated jets: Pythia 8 events, a detector response, FastJet jets, JetClass-schema ROOT files."""
