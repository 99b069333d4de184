"""Clocked logic: registers and pipelines, and how they become Verilog and VHDL."""
