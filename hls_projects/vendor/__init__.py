"""The FPGA vendor's tools, where they are installed: run, and their reports read by structure."""
