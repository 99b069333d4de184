"""The AXI streams of a payload, played by GHDL."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np

from hls_projects.export.links.packing_settings import PackingSettings
from hls_projects.export.links.plan import link_plan
from tests.hls_projects.export.emp_cases import Case

# Frames from `frames` to an AXI stream and from the other to `found`, with pauses on both sides where `pauses` is set.
AXIS_TESTBENCH = """
library ieee;
use ieee.std_logic_1164.all;
use ieee.math_real.all;
use std.env.stop;
use std.textio.all;

entity play is
    generic (pauses : natural; packet, results : positive);
end entity;

architecture play of play is
    signal clk : std_logic := '0';
    signal resetn, in_valid, in_last, out_ready : std_logic := '0';
    signal in_ready, out_valid, out_last, framing_error : std_logic;
    signal in_data : std_logic_vector(IN_BITS - 1 downto 0);
    signal out_data : std_logic_vector(OUT_BITS - 1 downto 0);
begin
    dut : entity work.NAME_axis port map (
        clk, resetn, in_valid, in_ready, in_last, in_data, out_valid, out_ready, out_last, out_data, framing_error
    );

    process
        file source : text open read_mode is "frames";
        file found : text open write_mode is "found";
        variable row : line;
        variable data : std_logic_vector(in_data'range);
        variable one, two, clock, place, got : natural := 0;
        variable seed1, seed2 : positive := 5;
        variable random : real;
    begin
        while got < results loop
            uniform(seed1, seed2, random);
            if in_valid = '0' and not endfile(source) and (pauses = 0 or random < 0.6) and clock > 2 then
                readline(source, row);
                hread(row, data);
                in_data <= data;
                in_valid <= '1';
                in_last <= '1' when place = packet - 1 else '0';
                place := (place + 1) mod packet;
            end if;
            uniform(seed1, seed2, random);
            out_ready <= '1' when pauses = 0 or random < 0.4 else '0';
            resetn <= '1' when clock > 1 else '0';
            wait for 1 ns;
            if clock > 2 and out_valid = '1' and out_ready = '1' then
                got := got + 1;
                hwrite(row, out_data);
                write(row, string'(" ") & std_logic'image(out_last) & " " & integer'image(clock));
                writeline(found, row);
            end if;
            one := 1 when in_valid = '1' and in_ready = '1' else 0;
            clk <= '1';
            wait for 1 ns;
            clk <= '0';
            if one = 1 then
                in_valid <= '0';
                wait for 0 ns;
            end if;
            clock := clock + 1;
            assert clock < 100000 report "nothing comes any more" severity failure;
        end loop;
        assert framing_error = '0' report "framing error" severity failure;
        file_close(found);
        stop;
    end process;
end architecture;
"""


def require_axi_streams(case: Case, settings: PackingSettings, folder: Path) -> None:
    """Every frame goes in and out of the AXI streams of a payload, with pauses on both sides and without."""
    plan, name = link_plan(case.design, settings), case.design.name
    words = plan.inputs.pack(case.inputs).reshape(-1, len(plan.inputs.links))
    expected = plan.outputs.pack(case.outputs).reshape(-1, len(plan.outputs.links))
    (folder / "frames").write_text("".join("".join(f"{w:016x}" for w in row[::-1]) + "\n" for row in words.tolist()))
    bits = {"IN_BITS": 64 * words.shape[1], "OUT_BITS": 64 * expected.shape[1], "NAME": name}
    (folder / "play.vhd").write_text(re.sub("|".join(bits), lambda match: str(bits[match[0]]), AXIS_TESTBENCH))
    hdl = folder / "emp" / "firmware" / "hdl"
    sources = [
        *(hdl / "rtl" / source for source in case.design.vhdl),
        hdl / f"{name}_links.vhd",
        hdl / f"{name}_axis.vhd",
    ]
    subprocess.run(["ghdl", "-a", "--std=08", *sources, folder / "play.vhd"], check=True, cwd=folder)
    generics = [f"-gpacket={plan.inputs.frames}", f"-gresults={len(expected)}", "--ieee-asserts=disable"]
    for pauses in (0, 1):
        run = ["ghdl", "--elab-run", "--std=08", "play", f"-gpauses={pauses}", *generics]
        subprocess.run(run, check=True, cwd=folder)
        lines = [line.split() for line in (folder / "found").read_text().splitlines()]
        assert [line[0] for line in lines] == ["".join(f"{w:016X}" for w in row[::-1]) for row in expected.tolist()]
        frames = plan.outputs.frames
        assert [line[1] for line in lines] == (["'0'"] * (frames - 1) + ["'1'"]) * len(case.inputs)
        if not pauses:
            starts = np.array([int(line[2]) for line in lines[::frames]])
            np.testing.assert_array_equal(np.diff(starts), plan.period)
