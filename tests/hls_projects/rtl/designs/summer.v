// The sum of an image [4, 2] of signed 6-bit values that comes in four rows. The first number of the file FAULT says what
// is wrong with it (conftest.py).
module summer (
    input clk,
    input rst,
    input in_valid,
    input [11:0] in_data,
    output out_valid,
    output [8:0] out_data
);
  reg [7:0] fault[0:0];
  initial $readmemh("FAULT", fault);
  wire [7:0] f = fault[0];

  wire signed [8:0] row = {{3{in_data[5]}}, in_data[5:0]} + {{3{in_data[11]}}, in_data[11:6]};
  reg signed [8:0] total;
  reg [1:0] count;
  reg busy, done;
  wire begins = in_valid && !(f == 2 && (busy || done));
  always @(posedge clk) begin
    done <= 1'b0;
    if (begins) begin
      total <= f == 1 ? total + row : row;
      count <= 2'd1;
      busy  <= 1'b1;
    end else if (busy) begin
      total <= total + row;
      count <= count + 2'd1;
      busy  <= count != 2'd3;
      done  <= count == 2'd3;
    end else if (f == 1 && done) begin
      total <= 9'd0;
    end
    if (f == 1 && done && begins) total <= row;
    if (rst) begin
      done <= 1'b0;
      if (f != 3) busy <= 1'b0;
    end
  end
  assign out_valid = done;
  assign out_data = total;
endmodule
