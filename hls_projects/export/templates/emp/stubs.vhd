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
    constant N_LVDS_IN : integer := 4;
    constant N_LVDS_OUT : integer := 0;
end package;

package emp_framework_decl is
    type clock_divisor_array_t is array (2 downto 0) of integer;
    type mgt_kind_t is (no_mgt, gth16, gty16, gty25, csp25);
    type buf_kind_t is (no_buf, buf);
    type fmt_kind_t is (no_fmt, tdr, s1, demux, m_pkt);
end package;

use work.emp_device_decl.all;
use work.emp_framework_decl.all;

package emp_device_types is
    type region_conf_t is record
        mgt_protocol_in : mgt_kind_t;
        buf_i_kind : buf_kind_t;
        fmt_kind : fmt_kind_t;
        buf_o_kind : buf_kind_t;
        mgt_protocol_out : mgt_kind_t;
    end record;
    constant kDummyRegion : region_conf_t := (no_mgt, no_buf, no_fmt, no_buf, no_mgt);
    type region_conf_array_t is array (0 to N_REGION - 1) of region_conf_t;
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
    type slink_conf_t is record
        region : integer;
        channels : std_logic_vector(3 downto 0);
    end record;
    constant kNoSlink : slink_conf_t := (-1, x"0");
    type slink_conf_array_t is array (0 to SLINK_MAX_QUADS - 1) of slink_conf_t;
end package;

library ieee;
use ieee.std_logic_1164.all;

package tcds2_streams_pkg is
    type tcds2_ttc2 is record
        l1a_types : std_logic_vector(15 downto 0);
        status : std_logic_vector(4 downto 0);
    end record;
end package;
