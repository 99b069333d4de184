// x + y of a signed 7-bit x and an unsigned 5-bit y, two registers deep. The first number of the file FAULT says what is
// wrong with it (conftest.py).
module adder (
    input clk,
    input rst,
    input in_valid,
    input [11:0] in_data,
    output out_valid,
    output [7:0] out_data
);
  reg [7:0] fault[0:0];
  initial $readmemh("FAULT", fault);
  wire [7:0] f = fault[0];

  wire signed [7:0] x = {in_data[6], in_data[6:0]};
  wire signed [7:0] y = {3'b000, in_data[11:7]};
  wire wrong = f == 4 && in_data == 12'b11111_1000000;
  reg [7:0] first, second, third;
  reg [2:0] valid;
  reg [31:0] never_written;
  wire accept = in_valid && !(f == 7 && valid[0]);
  always @(posedge clk) begin
    first  <= x + y + (wrong ? 8'd1 : 8'd0);
    second <= first;
    third  <= second;
    valid  <= rst && f != 5 ? 3'd0 : {valid[1:0], accept};
  end
  assign out_valid = f == 1 ? valid[2] : f == 2 ? 1'b1 : f == 3 ? 1'b0 : f == 8 ? valid[0] : valid[1];
  assign out_data = f == 1 ? third : f == 8 ? first : f == 6 ? second + {7'd0, |never_written} : second;
endmodule
