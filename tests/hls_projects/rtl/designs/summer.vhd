-- See summer.v.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity summer is
    port (
        clk, rst, in_valid : in std_logic;
        in_data : in std_logic_vector(11 downto 0);
        out_valid : out std_logic;
        out_data : out std_logic_vector(8 downto 0)
    );
end entity;

architecture rtl of summer is
    constant f : natural := FAULT;
    signal row, total : signed(8 downto 0);
    signal count : unsigned(1 downto 0);
    signal busy, done : std_logic;
begin
    row <= resize(signed(in_data(5 downto 0)), 9) + resize(signed(in_data(11 downto 6)), 9);
    process (clk)
    begin
        if rising_edge(clk) then
            done <= '0';
            if in_valid = '1' and not (f = 2 and (busy = '1' or done = '1')) then
                total <= row;
                if f = 1 and done /= '1' then
                    total <= total + row;
                end if;
                count <= "01";
                busy <= '1';
            elsif busy = '1' then
                total <= total + row;
                count <= count + 1;
                if count = 3 then
                    busy <= '0';
                    done <= '1';
                end if;
            elsif f = 1 and done = '1' then
                total <= (others => '0');
            end if;
            if rst = '1' then
                done <= '0';
                if f /= 3 then
                    busy <= '0';
                end if;
            end if;
        end if;
    end process;
    out_valid <= done;
    out_data <= std_logic_vector(total);
end architecture;
