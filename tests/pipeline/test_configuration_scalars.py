"""Scalars mean what YAML 1.2 says, every number is bounded, and no text makes a traceback or a page of faults."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.errors import ConfigurationError
from data_prep.events.settings import EventImagesSettings
from data_prep.generate.rate_settings import RateSettings
from data_prep.generate.settings import EventSettings, GenerateSettings
from data_prep.images.jets import ImagesSettings
from data_prep.settings import Settings
from data_prep.streams.executors.dask_cluster import BatchSettings
from hls_projects.settings import HardwareSettings
from models.events.settings import EventModelSettings
from models.rates.settings import RatesSettings
from models.settings import ModelSettings, TrainSettings
from models.studies.candidate_cost import CandidateCostSettings
from models.studies.symmetries import SymmetryStudySettings
from pipeline.configuration import LARGEST_FILE, load, load_kind
from pipeline.studies.search.settings import SearchSettings
from pipeline.yaml_core import Document, YamlError

CONFIGS = Path(__file__).parents[2] / "configs"
FILES: dict[str, tuple[type[Settings], ...]] = {
    "generate": (GenerateSettings, EventSettings, RateSettings),
    "images": (ImagesSettings, EventImagesSettings),
    "model": (ModelSettings, EventModelSettings),
    "train": (TrainSettings,),
    "hardware": (HardwareSettings,),
    "rates": (RatesSettings,),
    "candidates": (CandidateCostSettings,),
    "symmetries": (SymmetryStudySettings,),
    "search": (SearchSettings,),
    "cluster": (BatchSettings,),
}

# The examples of the YAML 1.2.2 specification, 10.3.2 (core schema), and what YAML 1.1 reads otherwise.
SCALARS: dict[str, Any] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "False": False,
    "0": 0,
    "-19": -19,
    "0o7": 7,
    "0x3A": 58,
    "0.": 0.0,
    "-0.0": -0.0,
    ".5": 0.5,
    "+12e03": 12000.0,
    "-2E+05": -200000.0,
    ".inf": float("inf"),
    "-.Inf": -float("inf"),
    "yes": "yes",
    "no": "no",
    "on": "on",
    "1:30": "1:30",
    "2_0": "2_0",
    "0b11": "0b11",
    "2026-01-01": "2026-01-01",
    "2026-01-01 00:00:00": "2026-01-01 00:00:00",
    "'12'": "12",
    "!!str 12": "12",
    "!!int 12": 12,
    "!!float 12": 12.0,
    "!!null ''": None,
    "9223372036854775807": 2**63 - 1,
}

LAUGHS = "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 8)}]\n" for a, b in pairwise("abcdefghi")
)
NO_YAML = {
    "a: !!int x": "line 1: 'x' is no !!int",
    "a: !!bool yes": "'yes' is no !!bool",
    "a: !!binary abcd": "the tag '!!binary' has no meaning here",
    "a: !!set {b, c}": "'!!set'",
    "a: !!omap [b: c]": "'!!omap'",
    "a: !!python/name:os.system": "'!!python/name:os.system'",
    "a: !own 3": "'!own'",
    "a: !!timestamp 2026-01-01": "'!!timestamp'",
    "a:\n  010": "line 2: '010' begins with 0",
    "a: -07": "begins with 0",
    f"a: {'9' * 5000}": "'9+…  ?does not fit into 64 bits",
    "a: 9223372036854775808": "does not fit into 64 bits",
    "a: 1e999": "too large for double precision",
    "1: a": "line 1: the key '1' is not text",
    "? [a, b]\n: c": "cannot be a key",
    "a: b\na: c": "line 2: the key 'a' is given twice",
    "a: &x {b: 1}\nc:\n  <<: *x": "line 3: merge keys",
    "a: &x [*x]": "nested deeper than 32",
    "[" * 3000: "nested deeper than 32",
    "- " * 3000: "nested deeper than 32",
    "a: {" * 3000: "nested deeper than 32",
    "[" + "1," * 60_000 + "]": "more than 50,000 values",
    "a: &a [1,1,1,1,1,1,1,1]\n"
    + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 8)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ): "aliases",
    "a: b\n\tc: d": "line 2: found character '.*t' that cannot start",
    "a: b\n---\nc: d": "expected a single document",
    'a: "\\U00ffffff"': "not valid YAML",
    'a: "\\ud800"': "surrogate",
    "a: \x07": "special characters",
    "%YAML 3.0\n---\na: b": "incompatible",
}

HARDWARE = {
    "csim: {seed: -1}": r"'csim.seed': input should be greater than or equal to 0, not -1 \(line 2\)",
    "csim: {random_vectors: 1000000000000}": "'csim.random_vectors': input should be less than",
    "csim: {seed: 1:30}": "'csim.seed': .*, not '1:30': it is text",
    "csim: {seed: yes}": "not 'yes': it is text",
    "csim: {seed: '1'}": "not '1': it is text",
    "csim: {seed: true}": "not True: it is a boolean",
    "csim: {seed: 1.0}": "valid integer, not 1.0",
    "csim: {seed: 2026-01-01}": "not '2026-01-01': it is text",
    "csim: {seed: [1]}": r"valid integer, not \[1\]",
    "synth: {route: yes}": "not 'yes': write true or false",
    "synth: {route: 1}": "not 1: write true or false",
    "export: {version: 2}": "valid string, not 2: put it in quotes",
    "hls: {clock_period: '5'}": "not '5': it is text",
    "hls: {clock_period: .nan}": "finite number",
    "hls: {clock_period: .inf}": "'hls.clock_period'",
    "rtl: {trade_off: [1, 0]}": "'rtl.trade_off.1': .*not 0",
}


@pytest.mark.parametrize("text", SCALARS)
def test_scalars_are_those_of_the_core_schema(text: str) -> None:
    value = Document(f"a: {text}").content["a"]
    assert (type(value), value) == (type(SCALARS[text]), SCALARS[text])


@pytest.mark.parametrize("text", NO_YAML, ids=lambda text: text[:30])
def test_what_is_refused_says_where_and_why(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hardware.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=NO_YAML[text]) as caught:
        load(path, HardwareSettings)
    assert len(str(caught.value)) < len(str(path)) + 200


@pytest.mark.parametrize("text", HARDWARE)
def test_scalars_are_not_taken_for_others(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hardware.yaml"
    path.write_text(f"name: tagger\n{text}\n")
    with pytest.raises(ConfigurationError, match=HARDWARE[text]):
        load(path, HardwareSettings)


def test_what_yaml_1_2_reads_and_1_1_does_not(tmp_path: Path) -> None:
    path = tmp_path / "hardware.yaml"
    path.write_bytes(
        b"\xef\xbb\xbfname: tagger\r\nhls: {clock_period: 25e-1}\r\nexport: {version: 2_0}\r\nrtl: {delay: 3}"
    )
    settings = load(path, HardwareSettings)
    assert (settings.hls.clock_period, settings.export.version, settings.rtl.delay) == (2.5, "2_0", 3.0)


@pytest.mark.parametrize("kind", ["[jets]", "{a: b}", "3", "~", "!!str", "photons"])
def test_a_kind_that_is_none(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "images.yaml"
    path.write_text(f"kind: {kind}\n")
    with pytest.raises(ConfigurationError, match=r"'kind': must be jets or events, not .* \(line 1\)"):
        load_kind(path, {"jets": ImagesSettings, "events": EventImagesSettings})


def test_of_many_faults_the_first_are_told(tmp_path: Path) -> None:
    path = tmp_path / "hardware.yaml"
    path.write_text("name: tagger\n" + "".join(f"k{number}: 1\n" for number in range(20_000)))
    with pytest.raises(
        ConfigurationError, match=r"unknown key 'k0', known keys are name, .*line 2.*'k4' .*; and 19,995 more"
    ) as caught:
        load(path, HardwareSettings)
    assert len(str(caught.value)) < len(str(path)) + 400


@pytest.mark.parametrize(
    "text", [f"name: {'x' * 100_000}", f"name: [{'1,' * 10_000}]", f"name: t\n? {'k' * 100_000}\n: 1"]
)
def test_long_values_and_keys_are_cut(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hardware.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(path, HardwareSettings)
    assert len(str(caught.value)) < len(str(path)) + 400


def test_files_that_are_no_configuration(tmp_path: Path) -> None:
    path = tmp_path / "hardware.yaml"
    path.write_text("#" * LARGEST_FILE + "\n")
    with pytest.raises(ConfigurationError, match="larger than 256 KiB"):
        load(path, HardwareSettings)
    path.write_bytes(b"name: \x80\n")
    with pytest.raises(ConfigurationError, match="not UTF-8 text from byte 6 on"):
        load(path, HardwareSettings)
    with pytest.raises(ConfigurationError, match=r"cannot be read: Is a directory$"):
        load(tmp_path, HardwareSettings)
    with pytest.raises(ConfigurationError, match="larger than 256 KiB"):
        load(Path("/dev/zero"), HardwareSettings)


PIECES = [*"-?:,[]{}#&*!|>'\"%@`~ \n\ta1.eE+_<=/\\\x00é\u2028", "a: ", "\n  ", "!!int ", "0x", "<<: ", "*a", "&a "]
SCALAR = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
CONTENT = st.recursive(
    SCALAR | st.text("aé:#'\" \n1", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        content = Document(text).content
    except YamlError:
        return
    assert content is None or isinstance(content, str | int | float | bool | list | dict)


@given(CONTENT)
@settings(deadline=None)
def test_what_pyyaml_writes_is_read_back(content: Any) -> None:
    assert Document(yaml.safe_dump(content, allow_unicode=True)).content == content


def test_every_configuration_of_ours_is_valid() -> None:
    paths = sorted(CONFIGS.glob("**/*.yaml"))
    assert len(paths) > 50
    for path in paths:
        settings_classes = FILES[path.stem]
        if len(settings_classes) == 1:
            load(path, settings_classes[0])
            continue
        content = Document(path.read_text()).content
        settings_by_kind = {
            "generate": {"events": EventSettings, "rates": RateSettings}.get(content.get("kind"), GenerateSettings),
            "images": {"events": EventImagesSettings}.get(content.get("kind"), ImagesSettings),
            "model": EventModelSettings if "unet" in content else ModelSettings,
        }[path.stem]
        load(path, settings_by_kind)


def _numbers(schema: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from _numbers(part, f"{place}.{number}")
    elif isinstance(schema, dict):
        if schema.get("type") in ("integer", "number") and not {"const", "enum"} & schema.keys():
            yield place, schema
        for name, part in schema.items():
            if name not in ("default", "enum", "const", "description", "required"):
                yield from _numbers(part, f"{place}.{name}")


# What a key of another file may be set to is judged by that file; options of a batch system by dask-jobqueue.
FREE = ("SearchSettings.$defs.Change", "BatchSettings.properties.options", "SearchSettings.properties.s")


@pytest.mark.parametrize(
    "model", [each for models in FILES.values() for each in models], ids=lambda each: each.__name__
)
def test_every_number_has_a_smallest_and_a_largest_value(model: type[Settings]) -> None:
    for place, schema in _numbers(model.model_json_schema(), model.__name__):
        if place.startswith(FREE):
            continue
        assert {"minimum", "exclusiveMinimum"} & schema.keys(), place
        assert {"maximum", "exclusiveMaximum"} & schema.keys(), place
        largest = schema.get("maximum", schema.get("exclusiveMaximum"))
        assert schema["type"] == "number" or largest <= 2**63, place
