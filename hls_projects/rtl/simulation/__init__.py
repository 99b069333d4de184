"""Verilog and VHDL simulated, every clock checked."""
