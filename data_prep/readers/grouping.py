"""Constituents of an event grouped by jet: from jet indices or references, in compiled loops over the events."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.system.compiled import compiled

Int64 = npt.NDArray[np.int64]


@compiled
def by_jet_index(jet_offsets: Int64, list_offsets: Int64, jet_index: Int64) -> tuple[Int64, Int64, int]:
    """Group the members of a list by jet, from the index of each member's jet in the event.

    Members keep their order within a jet. A negative index means no jet.

    Args:
        jet_offsets: int64 [events + 1], the jets of each event.
        list_offsets: int64 [events + 1], the members of each event.
        jet_index: int64 [members].

    Returns:
        offsets int64 [jets + 1]; rows int64 [offsets[-1]] into the list; the first event with an index beyond its jets,
        or -1 where there is none.
    """
    offsets = np.zeros(jet_offsets[-1] + 1, np.int64)
    for event in range(jet_offsets.size - 1):
        first, jets = jet_offsets[event], jet_offsets[event + 1] - jet_offsets[event]
        for i in range(list_offsets[event], list_offsets[event + 1]):
            if jet_index[i] >= jets:
                return offsets, np.zeros(0, np.int64), event
            if jet_index[i] >= 0:
                offsets[first + jet_index[i] + 1] += 1
    for jet in range(offsets.size - 1):
        offsets[jet + 1] += offsets[jet]
    rows = np.empty(offsets[-1], np.int64)
    next_row = offsets[:-1].copy()
    for event in range(jet_offsets.size - 1):
        for i in range(list_offsets[event], list_offsets[event + 1]):
            if jet_index[i] >= 0:
                jet = jet_offsets[event] + jet_index[i]
                rows[next_row[jet]] = i
                next_row[jet] += 1
    return offsets, rows, -1


@compiled
def rows_in_event(list_offsets: Int64, index: Int64, target_offsets: Int64) -> tuple[Int64, int]:
    """Turn indices that count from the start of their event into rows of all events.

    Args:
        list_offsets: int64 [events + 1], where the indices of each event are.
        index: int64 [members], each an index into the targets of the same event.
        target_offsets: int64 [events + 1], the targets of each event.

    Returns:
        rows int64 [members]; the first event with an index outside of its targets, or -1 where there is none.
    """
    rows = np.empty(index.size, np.int64)
    for event in range(list_offsets.size - 1):
        first, targets = target_offsets[event], target_offsets[event + 1] - target_offsets[event]
        for i in range(list_offsets[event], list_offsets[event + 1]):
            if index[i] < 0 or index[i] >= targets:
                return rows, event
            rows[i] = first + index[i]
    return rows, -1


@compiled
def by_reference(
    list_offsets: Int64, reference: Int64, target_offsets: Int64, identifier: Int64
) -> tuple[Int64, int, int]:
    """Resolve ROOT's references by the unique numbers of objects, which are unique in their event.

    A number has 32 bits: the low 24 count objects, the top byte is the process that counted (`TProcessID`). References
    usually hold the low bits only, so these are compared. Where objects of several processes have the same low bits,
    the reference is to the object with the same top byte; where there is none, the reference is ambiguous. Objects of
    the same 32 bits are one object written twice, of which the first is taken. 0 is no reference.

    Source: ROOT, `TObject::fUniqueID`, `TProcessID::AssignID`, `TRefArray::Streamer` (core/base, core/cont).

    Args:
        list_offsets: int64 [events + 1], the references of each event.
        reference: int64 [references], signed or unsigned 32-bit numbers.
        target_offsets: int64 [events + 1], the targets of each event.
        identifier: int64 [targets], likewise.

    Returns:
        rows int64 [references] into the targets, -1 for references that are not found or ambiguous; the number of
        references that are not found; the number of those that are ambiguous.
    """
    rows = np.full(reference.size, -1, np.int64)
    unresolved = ambiguous = 0
    for event in range(list_offsets.size - 1):
        first, last = target_offsets[event], target_offsets[event + 1]
        low_bits = identifier[first:last] & 0xFFFFFF
        order = np.argsort(low_bits, kind="mergesort")
        low_bits = low_bits[order]
        for i in range(list_offsets[event], list_offsets[event + 1]):
            number = reference[i] & 0xFFFFFF
            index = np.searchsorted(low_bits, number)
            if number == 0 or index == low_bits.size or low_bits[index] != number:
                unresolved += 1
                continue
            first_match, differ = first + order[index], False
            exact = -1
            while index < low_bits.size and low_bits[index] == number:
                row = first + order[index]
                differ |= (identifier[row] ^ identifier[first_match]) & 0xFF000000 != 0
                if exact < 0 and (identifier[row] ^ reference[i]) & 0xFFFFFFFF == 0:
                    exact = row
                index += 1
            if not differ:
                rows[i] = first_match
            elif exact >= 0:
                rows[i] = exact
            else:
                ambiguous += 1
    return rows, unresolved, ambiguous


@compiled
def nearest_resonance(
    jet_offsets: Int64,
    jet_eta: npt.NDArray[np.float32],
    jet_phi: npt.NDArray[np.float32],
    particle_offsets: Int64,
    particle_eta: npt.NDArray[np.float32],
    particle_phi: npt.NDArray[np.float32],
    particle_pid: Int64,
    radius: float,
) -> Int64:
    """The |PDG id| of the generator's t, H, Z or W within a jet, in this order of precedence, 0 for none.

    A top quark comes before the W it decays to.

    Args:
        jet_offsets: int64 [events + 1].
        jet_eta: float32 [jets].
        jet_phi: float32 [jets].
        particle_offsets: int64 [events + 1].
        particle_eta: float32 [particles].
        particle_phi: float32 [particles].
        particle_pid: int64 [particles], 0 for those that do not count.
        radius: the largest ΔR.

    Returns:
        int64 [jets].
    """
    matched_pid = np.zeros(jet_eta.size, np.int64)
    for event in range(jet_offsets.size - 1):
        for jet in range(jet_offsets[event], jet_offsets[event + 1]):
            best = 4
            for i in range(particle_offsets[event], particle_offsets[event + 1]):
                pid = abs(particle_pid[i])
                rank = 0 if pid == 6 else 1 if pid == 25 else 2 if pid == 23 else 3 if pid == 24 else 4
                if rank >= best:
                    continue
                deta = jet_eta[jet] - particle_eta[i]
                dphi = abs(jet_phi[jet] - particle_phi[i]) % (2 * np.pi)
                dphi = min(dphi, 2 * np.pi - dphi)
                if deta * deta + dphi * dphi < radius * radius:
                    best = rank
                    matched_pid[jet] = pid
    return matched_pid
