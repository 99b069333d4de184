"""Writing the Parquet dataset of sparse jet images, in a stream."""

from __future__ import annotations

from pathlib import Path

from data_prep.images.batch import ImageBatch, concatenate, empty
from data_prep.store.jet_images import ImageDescription, schema, to_record_batch
from data_prep.store.splits_writer import Form, SplitsWriter

GROUP_ROWS = 1 << 14
"""Images a row group."""
PART_GROUPS = 32
"""Row groups a file."""


class DatasetWriter(SplitsWriter[ImageBatch]):
    """Writes batches into the splits of a dataset; use it as a context manager.

    Args:
        folder: an existing folder.
        description: what the images are.
        group_rows: images a row group.
        part_groups: row groups a file.
    """

    def __init__(
        self,
        folder: Path,
        description: ImageDescription,
        *,
        group_rows: int = GROUP_ROWS,
        part_groups: int = PART_GROUPS,
    ) -> None:
        none = empty(description.shape, description.candidates.number if description.candidates else None)
        form = Form(schema(description), none, concatenate, to_record_batch, dictionary=("label", "file", "jet"))
        super().__init__(folder, form, group_rows=group_rows, part_groups=part_groups)
