"""Firmware around the network: image builder and jet finder."""
