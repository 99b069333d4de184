"""What a design takes: cells counted by yosys, and estimates before that."""
