"""From a file of events to the fakes of anti-kT: what is a fake, and what only seems to be one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np

from data_prep.events.batch import PILEUP, QUARK_GLUON, UNDECIDED, EventBatch
from data_prep.events.images import event_images
from data_prep.events.settings import EventImagesSettings
from data_prep.grids.tower_geometry import Towers
from data_prep.readers import event_tree
from models.events.detection_measure import Detections
from models.events.settings import EventModelSettings
from tests.data_prep.event_files import write_event_file


def one_event(path: Path) -> EventBatch:
    """A jet of 200 GeV at η = 0, one of 150 GeV at η = 2.0, one of 60 GeV, 120 GeV of pileup; up to 1.7 are listed."""
    rows = np.array(
        [(0.0, 1.0, 200, 0), (2.0, 0.0, 150, 1), (0.5, -2.5, 101, 2), (-1.0, 2.5, 120, -1)],  # η, φ, pT, source
        np.float32,
    )
    eta, phi, pt = (ak.unflatten(rows[:, i].astype(np.float32), [4]) for i in range(3))
    columns = {"deposit_eta": eta, "deposit_phi": phi, "deposit_em": pt, "deposit_had": pt * 0, "deposit_track": pt * 0}
    columns["deposit_truth"] = ak.unflatten(rows[:, 3].astype(np.int16), [4])
    for name, values in (("eta", rows[:3, 0]), ("phi", rows[:3, 1]), ("pt", [200, 150, 60]), ("mass", [10, 10, 5])):
        columns[f"jet_{name}"] = ak.unflatten(np.asarray(values, np.float32), [3])
    columns["jet_kind"] = ak.unflatten(np.array([1, 1, 21], np.int16), [3])
    columns |= {"pileup": np.ones(1, np.int32), "event": np.array([7]), "library": np.array([7])}
    split = {"train": 0.5, "validation": 0.25, "test": 0.25}
    settings = EventImagesSettings.model_validate(
        {"kind": "events", "jet_pt_min": 100, "jet_eta_max": 1.7, "split": split}
    )
    chunk = event_tree.read(write_event_file(path / "event.root", columns), 0, 1)
    return event_images(chunk, settings.description).batch


def test_a_hard_jet_beyond_the_listed_ones_is_no_fake(
    tmp_path: Path, event_settings: Callable[..., EventModelSettings]
) -> None:
    """Of four anti-kT jets one is right, pileup is a fake, and two are truth jets that need not be found."""
    batch = one_event(tmp_path)
    assert sorted(batch.tower_class.tolist()) == [PILEUP, QUARK_GLUON, UNDECIDED, UNDECIDED]
    settings = event_settings("detection").detection.model_copy(update={"pt_min": 100.0, "radius": 0.8, "match": 0.4})
    found = Detections(settings, Towers(56, 72, 0.087), 1.7, [], {})
    found.add(batch, {})
    made = found.sums["anti-kT, all towers"].result()
    assert (made.found, made.true, made.matched, made.ignored) == (4, 1, 1, 2)
    assert (made.efficiency, made.fakes) == (1, 0.5)
    # at full efficiency the threshold is the pT of the right jet, which no fake reaches
    assert found.result()["detection"]["anti-kT, all towers"]["at_efficiency"][0]["fakes"] == 0
