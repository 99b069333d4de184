"""Names of designs that are identifiers in C++, VHDL and SystemVerilog."""

from __future__ import annotations

import re

LONGEST = 40
"""Characters of a design's name; file systems and tools add their own endings."""

# ISO/IEC 14882:2020, 5.11, tables 5 and 6.
_CPP = """alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class
    compl concept const const_cast consteval constexpr constinit continue co_await co_return co_yield decltype default
    delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long
    mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
    reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor
    xor_eq"""
# IEEE 1076-2008, 15.10.
_VHDL = """abs access after alias all and architecture array assert assume assume_guarantee attribute begin block body
    buffer bus case component configuration constant context cover default disconnect downto else elsif end entity exit
    fairness file for force function generate generic group guarded if impure in inertial inout is label library linkage
    literal loop map mod nand new next nor not null of on open or others out package parameter port postponed procedure
    process property protected pure range record register reject release rem report restrict restrict_guarantee return
    rol ror select sequence severity shared signal sla sll sra srl strong subtype then to transport type unaffected
    units until use variable vmode vprop vunit wait when while with xnor xor"""
# IEEE 1800-2017, table B.1; those of Verilog (IEEE 1364-2005) are among them.
_SYSTEMVERILOG = """accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before
    begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class clocking cmos
    config const constraint context continue cover covergroup coverpoint cross deassign default defparam design disable
    dist do edge else end endcase endchecker endclass endclocking endconfig endfunction endgenerate endgroup
    endinterface endmodule endpackage endprimitive endprogram endproperty endspecify endsequence endtable endtask enum
    event eventually expect export extends extern final first_match for force foreach forever fork forkjoin function
    generate genvar global highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies import incdir include
    initial inout input inside instance int integer interconnect interface intersect join join_any join_none large let
    liblist library local localparam logic longint macromodule matches medium modport module nand negedge nettype new
    nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed parameter pmos posedge primitive
    priority program property protected pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand
    randc randcase randsequence rcmos real realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran
    rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal
    showcancelled signed small soft solve specify specparam static string strong strong0 strong1 struct super supply0
    supply1 sync_accept_on sync_reject_on table tagged task this throughout time timeprecision timeunit tran tranif0
    tranif1 tri tri0 tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with untyped use
    uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor
    xor"""
# Names in the generated sources, the C++ and VHDL libraries, hls4ml's files and alkaid's modules.
_TAKEN = """binop bit_vector boolean character defines delay_length file_open_kind file_open_status hls ieee main
    multiplier mux natural negative nnet parameters positive severity_level shift_adder std std_logic std_logic_vector
    std_ulogic std_ulogic_vector ternary_adder work"""

RESERVED = {
    word: language
    for language, words in (
        ("the tools and their libraries", _TAKEN),
        ("SystemVerilog", _SYSTEMVERILOG),
        ("VHDL", _VHDL),
        ("C++", _CPP),
    )
    for word in words.split()
}
"""Reserved words in lower case, and the language or tools that reserve each."""


def require_identifier(name: str) -> str:
    """Return the name of a design if it can name a function, an entity, a module and a file; else refuse it.

    Lower-case words of letters and digits joined by single underscores (VHDL knows no case and no double underscore),
    none reserved. Anything else is refused, never changed: the name stands in the firmware of others.

    >>> require_identifier("jet_tagger")
    'jet_tagger'

    Raises:
        ValueError: any other name; says what is possible.
    """
    if name.lower() in RESERVED:
        raise ValueError(
            f"must not be a reserved word (of {RESERVED[name.lower()]}; {name.lower()}_tagger is possible)"
        )
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).lstrip("_0123456789")
    instead = words[:LONGEST].strip("_")
    if name != instead or not name:
        hint = f" ({instead} is possible)" if instead and instead not in RESERVED else ""
        raise ValueError(
            f"must be lower-case letters, digits and single underscores, a letter first, at most {LONGEST}{hint}"
        )
    return name
