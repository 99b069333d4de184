"""Groups of turns and mirrors, held against what is known of them and against numpy's own turns."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from models.layers.filter_banks import bank
from models.symmetry.groups import GROUPS

ORDERS = {"p1": 1, "p4": 4, "p4m": 8, "hex": 1, "p6": 6, "p6m": 12}


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_it_is_a_group(name: str, order: int) -> None:
    """As many elements as its point group has; every row and column of the Cayley table holds each element once."""
    group = GROUPS[name]
    elements = np.arange(order)
    assert group.order == len(set(group.elements)) == order
    for table in (group.table, group.table.T):
        np.testing.assert_array_equal(np.sort(table, axis=1), np.tile(elements, (order, 1)))
    first, second, third = np.meshgrid(elements, elements, elements, indexing="ij")
    table = group.table
    np.testing.assert_array_equal(table[table[first, second], third], table[first, table[second, third]])
    np.testing.assert_array_equal(table[elements, group.inverse], 0)
    assert set(np.abs(np.rint([np.linalg.det(element) for element in group.elements]))) == {1}


def test_turns_of_the_hexagonal_lattice_are_turns() -> None:
    """On axial coordinates the scalar product is q q' + r r' + (q r' + r q') / 2: every element keeps it."""
    product = np.array([[1, 0.5], [0.5, 1]])
    for element in np.array(GROUPS["p6m"].elements):
        np.testing.assert_array_equal(element.T @ product @ element, product)
    turn = np.array(GROUPS["p6"].elements[1])
    np.testing.assert_array_equal(np.linalg.matrix_power(turn, 6), np.eye(2))
    np.testing.assert_array_equal(np.linalg.matrix_power(turn, 3), -np.eye(2))
    np.testing.assert_array_equal(turn @ [2, 5], [-5, 7])


def test_groups_are_those_of_the_grids() -> None:
    """The grid says what a turn and a mirror image of the jet do to its pixels, and which pixels are in the hexagon."""
    hexagonal = HexagonalGrid(kind="hexagonal", rings=3, pitch=0.1)
    assert GROUPS["p6"].elements[1] == hexagonal.turn
    assert hexagonal.mirror in set(GROUPS["p6m"].elements) - set(GROUPS["p6"].elements)
    np.testing.assert_array_equal(GROUPS["p6"].support(7), hexagonal.mask())
    assert SquareGrid.turn in GROUPS["p4"].elements
    assert SquareGrid.mirror in set(GROUPS["p4m"].elements) - set(GROUPS["p4"].elements)


@pytest.mark.parametrize("size", [3, 4])
def test_turned_images_are_those_of_numpy(rng: np.random.Generator, size: int) -> None:
    image = rng.normal(size=(5, size, size, 2))
    turned = {np.rot90(image, k, axes=(1, 2)).tobytes() for k in range(4)}
    mirrored = {np.rot90(image[:, ::-1], k, axes=(1, 2)).tobytes() for k in range(4)}
    assert {GROUPS["p4"].turn_image(image, g).tobytes() for g in range(4)} == turned
    assert {GROUPS["p4m"].turn_image(image, g).tobytes() for g in range(8)} == turned | mirrored


@pytest.mark.parametrize("name", list(ORDERS))
@pytest.mark.parametrize("size", [1, 3, 5])
def test_turning_twice_is_turning_by_the_product(rng: np.random.Generator, name: str, size: int) -> None:
    group = GROUPS[name]
    image = rng.normal(size=(size, size, group.order * 2)) * group.support(size)[..., None]
    for a in range(group.order):
        for b in range(group.order):
            once = group.turn_features(image, int(group.table[a, b]))
            np.testing.assert_array_equal(group.turn_features(group.turn_features(image, b), a), once)


@pytest.mark.parametrize(("name", "size", "orbit"), [("p4", 3, 4), ("p4m", 3, 8), ("p6", 5, 6), ("p6m", 5, 12)])
def test_orbit_of_a_filter(rng: np.random.Generator, name: str, size: int, orbit: int) -> None:
    """A filter without symmetry has as many different copies as the group has elements (Cohen and Welling, fig. 1)."""
    group = GROUPS[name]
    filters = rng.normal(size=(size, size, 1)) * group.support(size)[..., None]
    assert len({group.turn_image(filters, g).tobytes() for g in range(group.order)}) == orbit


@pytest.mark.parametrize(("size", "taps"), [(1, 1), (3, 7), (5, 19), (7, 37)])
def test_hexagons(size: int, taps: int) -> None:
    """1 + 3 n (n + 1) pixels; turning one moves none of them out of it."""
    group = GROUPS["p6m"]
    support = group.support(size)
    assert support.sum() == taps
    lit = group.turn_image(support[..., None].astype(int), 1)[..., 0]
    np.testing.assert_array_equal(lit, support)


def test_a_hexagon_has_a_pixel_in_its_middle() -> None:
    with pytest.raises(ValueError, match="odd, not 4"):
        GROUPS["p6"].support(4)


@pytest.mark.parametrize("name", ["p4m", "p6m"])
def test_a_bank_uses_every_weight_once_for_every_element(name: str) -> None:
    group = GROUPS[name]
    places = bank(name, 3, lifts=False)
    weights = group.taps(3) * group.order
    for element in range(group.order):
        indices = places[..., element]
        np.testing.assert_array_equal(np.sort(indices[indices < weights]), np.arange(weights))
