"""RTL without a vendor tool: traced, pipelined, written as Verilog and VHDL, simulated and synthesised.

`logic` has no clock, `clocked` adds registers, `forms` puts both together, `simulation` and `synthesis` run the result.
The files beside these folders describe a design (`design`), try its variants and alternatives, and prove it.
"""
