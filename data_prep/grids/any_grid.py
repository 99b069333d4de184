"""Any of the grids, as a section of the configuration, told apart by its `kind`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Discriminator, Tag

from data_prep.grids.grid import GRIDS, Grid


def _kind(value: Any) -> Any:
    """The kind of a grid; square where a configuration does not say."""
    return value.get("kind", "square") if isinstance(value, dict) else getattr(value, "kind", None)


if TYPE_CHECKING:
    AnyGrid = Grid
else:
    AnyGrid = Annotated[
        Union[tuple(Annotated[grid.settings, Tag(name)] for name, grid in GRIDS.items())],  # noqa: UP007
        Discriminator(
            _kind,
            custom_error_type="unknown_grid",
            custom_error_message=f"a grid's 'kind' is one of: {', '.join(GRIDS)}",
        ),
    ]
