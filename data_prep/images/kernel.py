"""Constituents to sparse images: all steps, pixels and normalisation in one compiled float32 pass over the jets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.grids.grid import Grid
from data_prep.grids.pixels import pixels_of
from data_prep.images.channels import CHARGED, MULTIPLICITY, NEUTRAL, PHOTON, PT
from data_prep.jets.chunk import JetChunk, ParticleKind
from data_prep.steps.normalise import normalise, normalise_channels
from data_prep.steps.program import Program, apply_steps
from data_prep.streams.cutflow import Fate
from data_prep.system.compiled import compiled

Float32 = npt.NDArray[np.float32]

_LANES = 16
"""Constituents are padded with zeros to a multiple of this, so that no loop has a slow remainder."""
_BLOCK = 6
"""Pixels are swept in blocks of 2^6, and only those that something fell into."""

_KEPT, _NOT_FINITE, _EMPTY = int(Fate.KEPT), int(Fate.NOT_FINITE), int(Fate.EMPTY_IMAGE)
_PHOTON_KIND = int(ParticleKind.PHOTON)


@dataclass(frozen=True)
class SparseImages:
    """Images of the jets that have one.

    Attributes:
        offsets: int64 [images + 1]; the lit pixels of image i are `offsets[i]:offsets[i + 1]`.
        pixel: uint16 [lit], ascending within an image: (row · columns + column) · channels + channel.
        value: float32 [lit].
        scale: float32 [images], what channels of pT were divided by; value · scale is in GeV.
        fate: uint8 [jets], `Fate` of every jet; images belong to those that are kept, in order.
    """

    offsets: npt.NDArray[np.int64]
    pixel: npt.NDArray[np.uint16]
    value: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    fate: npt.NDArray[np.uint8]


def pixelise(chunk: JetChunk, fate: npt.NDArray[np.uint8], grid: Grid, program: Program) -> SparseImages:
    """Make the images of a chunk.

    Args:
        chunk: the jets, with charge and kind of the constituents where a channel asks for them.
        fate: uint8 [jets]; only jets that are `Fate.KEPT` so far are looked at.
        grid: the pixels.
        program: the preprocessing steps and the channels.

    Returns:
        the images; jets that turn out to hold NaN or infinities, or nothing in any channel inside the grid (or nothing
        to normalise by), have their fate set.

    Raises:
        ValueError: a channel asks for charge and kind of the constituents, and they are not there.
    """
    fate = fate.copy()
    offsets, pixel, value, scale = _pixelise(
        chunk.offsets,
        chunk.pt,
        chunk.eta,
        chunk.phi,
        chunk.energy,
        channel_of(chunk, program),
        chunk.jet_pt,
        chunk.jet_eta,
        chunk.jet_phi,
        fate,
        program.constituents,
        program.parameters,
        program.image,
        program.channels,
        program.counts,
        grid.code,
        grid.parameters,
        grid.rows * grid.columns,
    )
    return SparseImages(offsets, pixel, value, scale, fate)


def channel_of(chunk: JetChunk, program: Program) -> npt.NDArray[np.uint8]:
    """The channel that each constituent is in besides `pt`: uint8 [constituents], 0 where no channel asks.

    Raises:
        ValueError: a channel asks, and charge and kind of the constituents are not there.
    """
    if not np.isin(program.channels, (CHARGED, NEUTRAL, PHOTON)).any():
        return np.zeros(0 if program.plain else chunk.pt.size, np.uint8)
    if chunk.charge is None or chunk.particle_kind is None:
        raise ValueError("the channels need charge and kind of the constituents")
    channels = np.full(chunk.pt.size, NEUTRAL, np.uint8)
    channels[chunk.particle_kind == _PHOTON_KIND] = PHOTON
    channels[chunk.charge != 0] = CHARGED
    return channels


@compiled
def _pixelise(
    offsets: npt.NDArray[np.int64],
    all_pt: Float32,
    all_eta: Float32,
    all_phi: Float32,
    all_energy: Float32,
    all_channels: npt.NDArray[np.uint8],
    jet_pt: Float32,
    jet_eta: Float32,
    jet_phi: Float32,
    fate: npt.NDArray[np.uint8],
    steps: npt.NDArray[np.int64],
    step_parameters: Float32,
    norm: int,
    channels: npt.NDArray[np.int64],
    counts: npt.NDArray[np.bool_],
    grid: int,
    parameters: Float32,
    pixels: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint16], Float32, Float32]:
    kept = 0
    longest = 1
    for jet in range(fate.size):
        if fate[jet] == _KEPT:
            kept += 1
            longest = max(longest, offsets[jet + 1] - offsets[jet])
    plain = channels.size == 1 and channels[0] == PT
    scaled = channels != MULTIPLICITY
    sums, unit = _sums(channels), (~scaled).astype(np.float32)
    cells = pixels * channels.size
    image_offsets = np.zeros(kept + 1, np.int64)
    scale = np.ones(kept, np.float32)
    pixel = np.empty(offsets[-1] * channels.size, np.uint16)
    value = np.empty(offsets[-1] * channels.size, np.float32)
    scratch = np.empty((3, longest + _LANES), np.float32)
    all_index = np.empty(longest, np.int32)
    canvas = np.zeros(cells, np.float32)
    used = np.zeros((cells >> _BLOCK) + 1, np.bool_)
    images = lit = 0
    for jet in range(fate.size):
        if fate[jet] != _KEPT:
            continue
        first, last = offsets[jet], offsets[jet + 1]
        n = last - first
        padded = (n + _LANES - 1) // _LANES * _LANES
        pt, eta, phi = scratch[0, :padded], scratch[1, :padded], scratch[2, :padded]
        pt[:n], eta[:n], phi[:n] = all_pt[first:last], all_eta[first:last], all_phi[first:last]
        pt[n:], eta[n:], phi[n:] = 0, 0, 0
        if not (_finite(pt) and _finite(eta) and _finite(phi) and _finite(all_energy[first:last])):
            fate[jet] = _NOT_FINITE
            continue
        apply_steps(steps, step_parameters, pt, eta, phi, jet_pt[jet], jet_eta[jet], jet_phi[jet])
        index = all_index[:n]
        pixels_of(grid, parameters, eta, phi, index)
        if plain:
            for i in range(n):
                if index[i] >= 0:
                    canvas[index[i]] += pt[i]
                    used[index[i] >> _BLOCK] = True
        else:
            _fill_channels(sums, unit, index, pt, all_channels[first:last], canvas, used)
        start = lit
        for block in range(used.size):
            if used[block]:
                used[block] = False
                for k in range(block << _BLOCK, min((block + 1) << _BLOCK, cells)):
                    if canvas[k] > 0:
                        pixel[lit] = k
                        value[lit] = canvas[k]
                        lit += 1
                    canvas[k] = 0
        if lit == start:
            fate[jet] = _EMPTY
            continue
        if norm:
            if channels.size == 1:
                scale[images] = normalise(norm, value[start:lit])
            else:
                scale[images] = normalise_channels(norm, value[start:lit], pixel[start:lit], counts, scaled)
        if scale[images] == 0:
            # other channels have something, those that the norm is of have nothing
            fate[jet] = _EMPTY
            scale[images] = 1
            lit = start
            continue
        if not (np.isfinite(scale[images]) and _finite(value[start:lit])):
            # finite momenta whose sum is beyond float32
            fate[jet] = _NOT_FINITE
            scale[images] = 1
            lit = start
            continue
        images += 1
        image_offsets[images] = lit
    return image_offsets[: images + 1], pixel[:lit].copy(), value[:lit].copy(), scale[:images]


@compiled
def _sums(channels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which channels a constituent of each kind adds its pT to: bool [kinds, channels]."""
    sums = np.zeros((MULTIPLICITY, channels.size), np.bool_)
    for constituent_channel in range(MULTIPLICITY):
        for k in range(channels.size):
            sums[constituent_channel, k] = channels[k] == PT or channels[k] == constituent_channel
    return sums


@compiled
def _fill_channels(
    sums: npt.NDArray[np.bool_],
    unit: Float32,
    index: npt.NDArray[np.int32],
    pt: Float32,
    constituent_channels: npt.NDArray[np.uint8],
    canvas: Float32,
    used: npt.NDArray[np.bool_],
) -> None:
    """Add the constituents of one jet to the channels of their pixels; `one` is 1 for multiplicity and else 0."""
    channels = unit.size
    for i in range(index.size):
        if index[i] < 0 or not pt[i] > 0:
            continue
        at = index[i] * channels
        used[at >> _BLOCK] = True
        used[(at + channels - 1) >> _BLOCK] = True
        for k in range(channels):
            canvas[at + k] += (pt[i] if sums[constituent_channels[i], k] else np.float32(0)) + unit[k]


@compiled
def _finite(values: Float32) -> bool:
    wrong = 0
    for i in range(values.size):
        wrong += not np.isfinite(values[i])
    return wrong == 0
