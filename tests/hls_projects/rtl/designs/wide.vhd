-- See wide.v.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity wide is
    port (
        clk, rst, in_valid : in std_logic;
        in_data : in std_logic_vector(199 downto 0);
        out_valid : out std_logic;
        out_data : out std_logic_vector(104 downto 0)
    );
end entity;

architecture rtl of wide is
begin
    process (clk)
        variable sum : signed(62 downto 0);
        variable difference : signed(40 downto 0);
    begin
        if rising_edge(clk) then
            out_valid <= in_valid and not rst;
            sum := (others => '0');
            for i in 0 to 4 loop
                sum := sum + signed(in_data(40 * i + 39 downto 40 * i));
            end loop;
            difference := resize(signed(in_data(39 downto 0)), 41) - signed(in_data(79 downto 40));
            out_data <= (xor in_data(199 downto 160)) & std_logic_vector(difference) & std_logic_vector(sum);
        end if;
    end process;
end architecture;
