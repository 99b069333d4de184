"""RTL without a vendor tool: traced, pipelined, written as Verilog and VHDL, simulated and synthesised."""
