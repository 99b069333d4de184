"""The names in proofs, also those in files of earlier versions, are taken apart and put together again."""

from __future__ import annotations

import pytest

from hls_projects.hls.image_builder import IMAGE
from hls_projects.hls.jet_finder import JETS
from hls_projects.proof.compared import CANDIDATES, TRAINED, Compared
from hls_projects.proof.record import LayerProof

NAMES = {
    "dense_2": Compared("dense_2"),
    "output": Compared("output"),
    IMAGE: Compared("image builder"),
    JETS: Compared("list of jets"),
    "images of the dataset": Compared("images of the dataset"),
    "words of the links": Compared("words of the links"),
    "output 0": Compared(output=0),
    "output 1 of the trained model": Compared(output=1, origin=TRAINED),
    "output 12 from candidates": Compared(output=12, origin=CANDIDATES),
    "output 0, simulated Verilog": Compared(output=0, form="simulated Verilog"),
    "output 0, simulated Verilog and HLS emulation": Compared(output=0, form="simulated Verilog and HLS emulation"),
    "output 3 of the trained model, fast emulator on the whole test set": Compared(
        output=3, origin=TRAINED, form="fast emulator on the whole test set"
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back(name: str) -> None:
    assert Compared.of(name) == NAMES[name]
    assert Compared.of(name).name == name
    assert LayerProof(name=name, type="ap_int<4>", values=1, mismatches=0).compared == NAMES[name]


def test_layers_and_words() -> None:
    assert [name for name in NAMES if Compared.of(name).is_layer] == ["dense_2", "output"]


def test_outputs_together() -> None:
    assert Compared.of("output 1 of the trained model").whole.name == "outputs of the trained model"
    assert Compared.of("output 0, simulated VHDL").whole.name == "outputs, simulated VHDL"
    assert Compared.of("conv_1").whole.name == "conv_1"
    whole = Compared.of("output 0, simulated VHDL").whole
    assert Compared.of(whole.name) == whole
