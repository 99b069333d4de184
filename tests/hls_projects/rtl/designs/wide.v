// Ports wider than a machine word: of five signed 40-bit values the sum (63 bits), the difference of the first two
// (41 bits) and the parity of the last.
module wide (
    input clk,
    input rst,
    input in_valid,
    input [199:0] in_data,
    output reg out_valid,
    output reg [104:0] out_data
);
  wire signed [62:0] a = {{23{in_data[39]}}, in_data[39:0]};
  wire signed [62:0] b = {{23{in_data[79]}}, in_data[79:40]};
  wire signed [62:0] c = {{23{in_data[119]}}, in_data[119:80]};
  wire signed [62:0] d = {{23{in_data[159]}}, in_data[159:120]};
  wire signed [62:0] e = {{23{in_data[199]}}, in_data[199:160]};
  wire signed [62:0] difference = a - b;
  always @(posedge clk) begin
    out_valid <= in_valid & ~rst;
    out_data  <= {^in_data[199:160], difference[40:0], a + b + c + d + e};
  end
endmodule
