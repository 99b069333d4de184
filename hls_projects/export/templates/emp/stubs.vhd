-- What the payload uses of the IPbus and EMP firmware, for simulating it without them. Not for synthesis.
library ieee;
use ieee.std_logic_1164.all;

package ipbus is
    type ipb_wbus is record
        ipb_addr : std_logic_vector(31 downto 0);
        ipb_wdata : std_logic_vector(31 downto 0);
        ipb_strobe : std_logic;
        ipb_write : std_logic;
    end record;
    type ipb_rbus is record
        ipb_rdata : std_logic_vector(31 downto 0);
        ipb_ack : std_logic;
        ipb_err : std_logic;
    end record;
    constant IPB_RBUS_NULL : ipb_rbus := ((others => '0'), '0', '0');
end package;

library ieee;
use ieee.std_logic_1164.all;

package emp_data_types is
    constant LWORD_WIDTH : integer := 64;
    type lword is record
        data : std_logic_vector(LWORD_WIDTH - 1 downto 0);
        valid : std_logic;
        start : std_logic;
        start_of_orbit : std_logic;
        last : std_logic;
        strobe : std_logic;
    end record;
    type ldata is array (natural range <>) of lword;
end package;

package emp_device_decl is
    constant N_REGION : integer := 32;
end package;

library ieee;
use ieee.std_logic_1164.all;

use work.emp_device_decl.all;

package emp_ttc_decl is
    type ttc_stuff is record
        bctr : std_logic_vector(11 downto 0);
        pctr : std_logic_vector(3 downto 0);
    end record;
    type ttc_stuff_array is array (N_REGION - 1 downto 0) of ttc_stuff;
end package;

library ieee;
use ieee.std_logic_1164.all;

package emp_slink_types is
    constant SLINK_MAX_QUADS : integer := 2;
    type slink_input_data is record
        data : std_logic_vector(127 downto 0);
        valid : std_logic;
    end record;
    type slink_input_data_array is array (3 downto 0) of slink_input_data;
    type slink_input_data_quad_array is array (natural range <>) of slink_input_data_array;
    constant SLINK_INPUT_DATA_ARRAY_NULL : slink_input_data_array := (others => ((others => '0'), '0'));
end package;
