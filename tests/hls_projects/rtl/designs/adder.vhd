-- See adder.v.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity adder is
    port (
        clk, rst, in_valid : in std_logic;
        in_data : in std_logic_vector(11 downto 0);
        out_valid : out std_logic;
        out_data : out std_logic_vector(7 downto 0)
    );
end entity;

architecture rtl of adder is
    constant f : natural := FAULT;
    signal first, second, third, sum : signed(7 downto 0);
    signal valid : std_logic_vector(2 downto 0);
    signal never_written : std_logic_vector(7 downto 0);
    signal accept : std_logic;
begin
    sum <= resize(signed(in_data(6 downto 0)), 8) + signed(resize(unsigned(in_data(11 downto 7)), 8));
    accept <= '0' when f = 7 and valid(0) = '1' else in_valid;
    process (clk)
    begin
        if rising_edge(clk) then
            first <= sum;
            if f = 4 and in_data = "111111000000" then
                first <= sum + 1;
            end if;
            second <= first;
            third <= second;
            valid <= valid(1 downto 0) & accept;
            if rst = '1' and f /= 5 then
                valid <= "000";
            end if;
        end if;
    end process;
    out_valid <= valid(2) when f = 1 else '1' when f = 2 else '0' when f = 3 else valid(0) when f = 8 else valid(1);
    out_data <= std_logic_vector(third) when f = 1
        else std_logic_vector(second) xor never_written when f = 6
        else std_logic_vector(first) when f = 8
        else std_logic_vector(second);
end architecture;
