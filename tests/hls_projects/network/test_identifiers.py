"""Names of designs: what a compiler refuses is refused here, with a way out."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pygments.lexers.hdl import SystemVerilogLexer, VhdlLexer

from hls_projects.network.identifiers import RESERVED, require_identifier


def _keywords(lexer: type) -> set[str]:
    """The words that pygments colours as keywords or types."""
    rules = [rule for state in lexer.tokens.values() for rule in state if isinstance(rule, tuple)]  # type: ignore[attr-defined]
    return {word for rule in rules if hasattr(rule[0], "words") and "Keyword" in str(rule[1]) for word in rule[0].words}


@pytest.mark.parametrize("name", ["t", "jet_tagger", "tagger2", "a1_b2_3", "x" * 40])
def test_good_names(name: str) -> None:
    assert require_identifier(name) == name


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("Jet Tagger", "jet_tagger"),
        ("jet.tagger-v2", "jet_tagger_v2"),
        ("2tagger", "tagger"),
        ("jet__tagger", "jet_tagger"),
        ("_tagger_", "tagger"),
        ("../../tagger", "tagger"),
        ("x" * 41, "x" * 40),
        ("tagger\n", "tagger"),
        ("§", ""),
        ("", ""),
        ("-wire-", ""),
    ],
)
def test_other_shapes_are_refused_with_what_would_go(name: str, instead: str) -> None:
    with pytest.raises(ValueError, match="must be lower-case letters") as caught:
        require_identifier(name)
    possible = re.search(r"\((\w+) is possible", str(caught.value))
    assert (possible[1] if possible else "") == instead


@pytest.mark.parametrize(
    ("name", "who"), [("class", r"C\+\+"), ("Signal", "VHDL"), ("wire", "SystemVerilog"), ("nnet", "the tools")]
)
def test_a_reserved_word_says_whose_it_is(name: str, who: str) -> None:
    with pytest.raises(ValueError, match=f"of {who}.*; {name.lower()}_tagger is possible"):
        require_identifier(name)


@pytest.mark.parametrize("lexer", [SystemVerilogLexer, VhdlLexer])
def test_words_that_others_list_are_reserved(lexer: type) -> None:
    assert _keywords(lexer) <= RESERVED.keys()


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_cpp_takes_none_of_its_words(tmp_path: Path) -> None:
    words = sorted(word for word, language in RESERVED.items() if language == "C++")
    source = tmp_path / "words.cpp"
    source.write_text("".join(f"int {word};\n" for word in words))
    command = ["g++", "-std=c++20", "-fsyntax-only", "-fmax-errors=0", str(source)]
    errors = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    refused = {int(line) for line in re.findall(r"words\.cpp:(\d+):\d+: error", errors)}
    assert refused == set(range(1, len(words) + 1))


@pytest.mark.skipif(shutil.which("ghdl") is None, reason="ghdl not found")
@pytest.mark.parametrize("word", ["signal", "xnor", "force", "context", "vunit", "jet__tagger", "tagger_"])
def test_vhdl_takes_none_of_its_words(tmp_path: Path, word: str) -> None:
    source = tmp_path / "word.vhd"
    source.write_text(f"entity {word} is end entity;\n")
    assert subprocess.run(["ghdl", "-s", "--std=08", str(source)], capture_output=True, check=False).returncode != 0
    with pytest.raises(ValueError, match="must (not )?be"):
        require_identifier(word)
