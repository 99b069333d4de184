"""Every jet accounted for: read = kept + each named reason for dropping it."""

from __future__ import annotations

from typing import Any

from data_prep.store.split import SPLITS
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section


def values(run: RunFolder) -> dict[str, Any]:
    """The cutflow, and whether its numbers add up."""
    content = run.json("20_images", "cutflow.json")
    with reading("20_images/cutflow.json"):
        by_class = {name: [int(row[split]) for split in SPLITS] for name, row in content["kept_by_class"].items()}
        order = run.manifests["20_images"].configuration.get("images", {}).get("classes", [])
        names = [str(entry["name"]) for entry in order]
        ordered = {name: by_class[name] for name in [*names, *by_class] if name in by_class}
        dropped = {str(reason): int(number) for reason, number in content["dropped_by_reason"].items()}
        read, kept = int(content["read"]), int(content["kept"])
    of_events = not run.tasks.isdisjoint({"segmentation", "detection"})
    totals = [sum(row[i] for row in ordered.values()) for i in range(len(SPLITS))]
    balanced = read == kept + sum(dropped.values()) and kept == sum(totals)
    return {
        "splits": SPLITS,
        "by_class": ordered,
        "totals": totals,
        "dropped": {reason: number for reason, number in dropped.items() if number},
        "no_cut": [reason for reason, number in dropped.items() if not number],
        "read": read,
        "kept": kept,
        "balanced": balanced,
        "noun": "event" if of_events else "jet",
    }


SECTION = Section(20, "Account", "What was read, kept and dropped", values)
