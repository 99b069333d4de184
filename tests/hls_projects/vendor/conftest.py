"""Reports in the shape that Vitis HLS and Vivado publish them in (UG1399, UG835, UG906), with numbers of our own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CSYNTH = """<?xml version="1.0" encoding="UTF-8"?>
<profile>
<ReportVersion>
<Version>2023.2</Version>
</ReportVersion>
<UserAssignments>
<unit>ns</unit>
<ProductFamily>virtexuplus</ProductFamily>
<Part>xcvu13p-flga2577-2-e</Part>
<TopModelName>{top}</TopModelName>
<TargetClockPeriod>2.50</TargetClockPeriod>
<ClockUncertainty>0.68</ClockUncertainty>
<FlowTarget>vivado</FlowTarget>
</UserAssignments>
<PerformanceEstimates>
<PipelineType>yes</PipelineType>
<SummaryOfTimingAnalysis>
<unit>ns</unit>
<EstimatedClockPeriod>1.804</EstimatedClockPeriod>
</SummaryOfTimingAnalysis>
<SummaryOfOverallLatency>
<unit>clock cycles</unit>
<Best-caseLatency>17</Best-caseLatency>
<Average-caseLatency>17</Average-caseLatency>
<Worst-caseLatency>18</Worst-caseLatency>
<Interval-min>1</Interval-min>
<Interval-max>2</Interval-max>
</SummaryOfOverallLatency>
</PerformanceEstimates>
<AreaEstimates>
<Resources>
<BRAM_18K>3</BRAM_18K>
<DSP>11</DSP>
<FF>2345</FF>
<LUT>67890</LUT>
<URAM>0</URAM>
</Resources>
<AvailableResources>
<BRAM_18K>5376</BRAM_18K>
<DSP>12288</DSP>
<FF>3456000</FF>
<LUT>1728000</LUT>
<URAM>1280</URAM>
</AvailableResources>
</AreaEstimates>
<InterfaceSummary>
</InterfaceSummary>
</profile>
"""

UTILISATION = """\
Copyright 1986-2022 Xilinx, Inc. All Rights Reserved. Copyright 2022-2023 Advanced Micro Devices, Inc.
---------------------------------------------------------------------------------------------------------
| Tool Version : Vivado v.2023.2 (lin64) Build 4029153 Fri Oct 13 20:13:54 MDT 2023
| Date         : Tue Nov  5 12:00:00 2024
| Host         : synthesis running 64-bit AlmaLinux
| Command      : report_utilization -file {state}_utilisation.rpt
| Design       : tagger
| Device       : xcvu13p-flga2577-2-e
| Speed File   : -2
| Design State : {state}
---------------------------------------------------------------------------------------------------------

Utilization Design Information

Table of Contents
-----------------
1. CLB Logic
1.1 Summary of Registers by Type
2. BLOCKRAM
3. ARITHMETIC

1. CLB Logic
------------

+----------------------------+-------+-------+------------+-----------+-------+
|          Site Type         |  Used | Fixed | Prohibited | Available | Util% |
+----------------------------+-------+-------+------------+-----------+-------+
| CLB LUTs*                  | {lut:>5} |     0 |          0 |   1728000 |  2.72 |
|   LUT as Logic             | {lut:>5} |     0 |          0 |   1728000 |  2.72 |
|   LUT as Memory            |     0 |     0 |          0 |    791040 |  0.00 |
| CLB Registers              | 22334 |     0 |          0 |   3456000 |  0.65 |
|   Register as Flip Flop    | 22334 |     0 |          0 |   3456000 |  0.65 |
| CARRY8                     |  5678 |     0 |          0 |    216000 |  2.63 |
+----------------------------+-------+-------+------------+-----------+-------+
* Warning! The Final LUT count, after physical optimizations and full implementation, is typically lower.


1.1 Summary of Registers by Type
--------------------------------

+-------+--------------+-------------+--------------+
| Total | Clock Enable | Synchronous | Asynchronous |
+-------+--------------+-------------+--------------+
| 22334 |          Yes |       Reset |            - |
+-------+--------------+-------------+--------------+


2. BLOCKRAM
-----------

+-------------------+------+-------+------------+-----------+-------+
|     Site Type     | Used | Fixed | Prohibited | Available | Util% |
+-------------------+------+-------+------------+-----------+-------+
| Block RAM Tile    |  1.5 |     0 |          0 |      2688 |  0.06 |
|   RAMB36/FIFO*    |    1 |     0 |          0 |      2688 |  0.04 |
|   RAMB18          |    1 |     0 |          0 |      5376 |  0.02 |
| URAM              |    0 |     0 |          0 |      1280 |  0.00 |
+-------------------+------+-------+------------+-----------+-------+


3. ARITHMETIC
-------------

+-----------+------+-------+------------+-----------+-------+
| Site Type | Used | Fixed | Prohibited | Available | Util% |
+-----------+------+-------+------------+-----------+-------+
| DSPs      |    7 |     0 |          0 |     12288 |  0.06 |
+-----------+------+-------+------------+-----------+-------+


4. SLR CLB Logic and Dedicated Block Utilization
------------------------------------------------

+-----------+-------+------+--------+--------+
| Site Type |  SLR0 | SLR1 | SLR0 % | SLR1 % |
+-----------+-------+------+--------+--------+
| CLB LUTs  | 99999 |    1 |  20.00 |   0.01 |
+-----------+-------+------+--------+--------+
"""

TIMING = """\
Copyright 1986-2022 Xilinx, Inc. All Rights Reserved. Copyright 2022-2023 Advanced Micro Devices, Inc.
------------------------------------------------------------------------------------
| Tool Version      : Vivado v.2023.2 (lin64) Build 4029153 Fri Oct 13 20:13:54 MDT 2023
| Command           : report_timing_summary -file routed_timing.rpt
| Design            : tagger
| Device            : xcvu13p-flga2577
| Speed File        : -2  PRODUCTION 1.27 02-28-2020
------------------------------------------------------------------------------------

Timing Summary Report

------------------------------------------------------------------------------------------------
| Timer Settings
| --------------
------------------------------------------------------------------------------------------------

  Corner  Analyze    Analyze    
  Name    Max Paths  Min Paths  
  ------  ---------  ---------  
  Slow    Yes        Yes        

check_timing report

Table of Contents
-----------------
1. checking no_clock ({unclocked})
2. checking constant_clock (0)
5. checking no_input_delay (2049)

------------------------------------------------------------------------------------------------
| Design Timing Summary
| ---------------------
------------------------------------------------------------------------------------------------

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)  THS Failing Endpoints  THS Total Endpoints     WPWS(ns)     TPWS(ns)  TPWS Failing Endpoints  TPWS Total Endpoints  
    -------      -------  ---------------------  -------------------      -------      -------  ---------------------  -------------------     --------     --------  ----------------------  --------------------  
     {slack:>6}       -0.519                      3                44668        0.031        0.000                      0                44668        0.975        0.000                       0                 22335  


Timing constraints are not met.


------------------------------------------------------------------------------------------------
| Clock Summary
| -------------
------------------------------------------------------------------------------------------------

Clock  Waveform(ns)         Period(ns)      Frequency(MHz)
-----  ------------         ----------      --------------
{clock}    {{0.000 1.250}}        2.500           400.000         


------------------------------------------------------------------------------------------------
| Intra Clock Table
| -----------------
------------------------------------------------------------------------------------------------

Clock             WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)  
-----             -------      -------  ---------------------  -------------------      -------  
{clock}                -9.999       -9.999                     99                   99        9.999  
"""  # noqa: E501, W291

Write = Callable[..., Path]


@pytest.fixture
def csynth(tmp_path: Path) -> Write:
    """Writes a report of C synthesis, some text of it replaced."""
    return _writer(tmp_path / "tagger_csynth.xml", CSYNTH.format(top="tagger"))


@pytest.fixture
def utilisation(tmp_path: Path) -> Write:
    """Writes a report of utilisation, some text of it replaced."""
    return _writer(tmp_path / "utilisation.rpt", UTILISATION.format(state="Routed", lut=47001))


@pytest.fixture
def timing(tmp_path: Path) -> Write:
    """Writes a report of timing, some text of it replaced."""
    return _writer(tmp_path / "timing.rpt", TIMING.format(unclocked=0, slack="-0.173", clock="clk"))


def _writer(path: Path, text: str) -> Write:
    def write(*changes: tuple[str, str]) -> Path:
        changed = text
        for old, new in changes:
            assert old in changed
            changed = changed.replace(old, new)
        path.write_text(changed)
        return path

    return write
