"""`search.yaml`: what is wanted of a tagger, what may differ from the hand-made one, and how long to look."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from data_prep.settings import Seed, Settings

Scalar = bool | int | float | str
"""What a key of a configuration file may hold here."""

FILES = ("images", "model", "train", "hardware")
"""The configuration files of a run that a key may lie in."""

Key = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(FILES)})(\.[a-z][a-z0-9_]*|\.[0-9]+|\.\*)+$")]
"""A value in a configuration file, as `model.blocks.0.filters`; `*` stands for every item of a list, and
`model.blocks.number` and `model.dense.number` for how many there are: the last one is repeated."""

Whole = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
"""A border of a range."""


class RangeSettings(Settings):
    """Whole numbers from one to another."""

    start: Whole = Field(alias="from")
    """The smallest."""
    stop: Whole = Field(alias="to")
    """The largest."""
    step: int = Field(default=1, ge=1, le=1_000_000)
    """The distance between two of them."""

    @property
    def values(self) -> tuple[int, ...]:
        """All of them, ascending."""
        return tuple(range(self.start, self.stop + 1, self.step))

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.stop < self.start:
            raise ValueError(f"'to' ({self.stop}) is below 'from' ({self.start})")
        return self


Values = Annotated[tuple[Scalar, ...], Field(min_length=1)]
Change = dict[Key, Scalar | dict[str, Scalar | list[Scalar]] | None]
"""Keys and what they are set to: values, or small sections such as the width of a number."""
DimensionSettings = RangeSettings | Values | dict[str, Change]
"""What one dimension may be: a range, a list, or changes of several keys at once by name."""


class BudgetSettings(Settings):
    """When to stop; the first that is reached."""

    trials: int | None = Field(default=None, ge=1, le=1_000_000)
    """Designs that were trained, to the end or until they were hopeless."""
    minutes: float | None = Field(default=None, gt=0, le=1e6)
    """Time of the command, all its runs together; trials that are running then are ended."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.trials is None and self.minutes is None:
            raise ValueError("'trials' or 'minutes' is needed")
        return self


class ConstraintSettings(Settings):
    """What a design must not exceed; what is left out does not matter."""

    lut: int | None = Field(default=None, ge=1, le=1_000_000_000)
    """LUTs, estimated while searching and synthesised at the end."""
    clocks: int | None = Field(default=None, ge=1, le=1_000_000_000)
    """Clocks from the first pixels to the scores."""
    interval: int | None = Field(default=None, ge=1, le=1_000_000_000)
    """Clocks from one image to the next."""

    def excess(self, lut: float, clocks: int, interval: int) -> tuple[float, float, float]:
        """By which share of each limit a design is above it; 0 where it is not.

        >>> ConstraintSettings(lut=1000, clocks=10).excess(1500.0, 9, 16)
        (0.5, 0.0, 0.0)
        """
        pairs = ((lut, self.lut), (clocks, self.clocks), (interval, self.interval))
        over = [0.0 if limit is None else max(0.0, value / limit - 1) for value, limit in pairs]
        return over[0], over[1], over[2]


class HopelessSettings(Settings):
    """When a training is given up."""

    after: int = Field(default=1, ge=1, le=10_000)
    """From this epoch of the quantized network on."""
    margin: float = Field(default=0.01, gt=0, le=1000)
    """So far it may lie below the best finished design that is not larger, after as many epochs, in the objective."""


class FurtherSettings(Settings):
    """A longer training of what looks good after the short one: the front shall not be one of fast learners."""

    epochs: int = Field(default=12, ge=1, le=10_000)
    """More epochs of the quantized network."""
    learning_rate: float = Field(default=0.002, gt=0, le=1)
    """The highest one; it ends at 0."""
    margin: float = Field(default=0.005, ge=0, le=1000)
    """So far it may lie below the best finished design that is not larger, after the short training."""


class ShortTrainingSettings(Settings):
    """The training of a trial: much shorter than that of a tagger to be used, enough to tell good from bad."""

    jets: int = Field(default=60_000, ge=1, le=1_000_000_000)
    """Training jets, always the same ones."""
    validation_jets: int = Field(default=20_000, ge=1, le=1_000_000_000)
    """Validation jets that the objective is measured on, always the same ones."""
    batch: int = Field(default=256, ge=1, le=65_536)
    """Jets a step."""
    float_epochs: int = Field(default=3, ge=0, le=10_000)
    """Of the float network, for shapes that were not trained yet."""
    float_starts: int = Field(default=1, ge=1, le=100)
    """Initial float networks of one that inherits nothing; the best after an epoch is the one that is trained."""
    epochs: int = Field(default=3, ge=1, le=10_000)
    """Of the quantized network."""
    float_learning_rate: float = Field(default=0.004, gt=0, le=1)
    """The highest one of the float network."""
    learning_rate: float = Field(default=0.002, gt=0, le=1)
    """The highest one of the quantized network; it ends at 0."""
    hopeless: HopelessSettings | None = HopelessSettings()
    """When a training is given up; never where it is null."""
    further: FurtherSettings | None = None
    """What is trained longer; nothing where it is null."""


class ConfirmSettings(Settings):
    """The synthesis of the front at the end."""

    points: int = Field(default=12, ge=0, le=10_000)
    """Designs at most, evenly spread over the front and with the hand-made one: the best first, then the cheapest."""
    minutes: float = Field(default=30, gt=0, le=1e6)
    """After so long no further one is begun."""
    beyond: float = Field(default=0.25, ge=0, le=1000)
    """Designs whose estimate is above the limit by this share are tried too: synthesis may count fewer."""


class SearchSettings(Settings):
    """Everything `search.yaml` holds."""

    budget: BudgetSettings
    """When to stop."""
    seed: Seed = 1
    """Of the search, of the trainings and of the choice of jets."""
    sampler: Literal["nsga2", "tpe"] = "nsga2"
    """Evolution of a population (Deb et al. 2002), or densities of good and bad designs (Ozaki et al. 2022)."""
    population: int = Field(default=16, ge=2, le=10_000)
    """Designs a generation, or random ones before densities are used."""
    constraints: ConstraintSettings = ConstraintSettings()
    """What a design must not exceed."""
    objective: Literal["macro_auc", "rejection"] = "macro_auc"
    """What is made large, on validation jets: the mean AUC of the classes, or the logarithm of the mean background
    rejection at half the signal (geometric, over the classes)."""
    refuse: float = Field(default=1.5, gt=0, le=1000)
    """A design whose estimate before training is above the limit of LUTs by this factor is not trained."""
    training: ShortTrainingSettings = ShortTrainingSettings()
    """The training of a trial."""
    confirm: ConfirmSettings = ConfirmSettings()
    """The synthesis of the front."""
    storage: str | None = None
    """Where trials are kept: a URL of SQLAlchemy, as postgresql://host/name, for several machines; a file beside the
    result where nothing is said."""
    space: dict[str, DimensionSettings] = Field(min_length=1)
    """What may differ: by key (`model.blocks.0.filters: [2, 4, 8]`), or by a name of your own where one choice sets
    several keys. What is not named stays as in the files."""
    starts: tuple[dict[str, Scalar], ...] = ()
    """Designs to try first, after the hand-made one: values (or choices) by dimension, the others as in the files."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        for number, start in enumerate(self.starts):
            unknown = sorted(set(start) - set(self.space))
            if unknown:
                raise ValueError(f"'starts.{number}' names '{unknown[0]}', which is not a dimension of 'space'")
        return self

    @property
    def lasting(self) -> Self:
        """What must stay the same while a search goes on: all but how long, where, and what is done at the end."""
        changed = {"budget": BudgetSettings(trials=1), "confirm": ConfirmSettings(), "storage": None}
        return self.model_copy(update=changed)


def fingerprint(settings: dict[str, Settings], inputs: dict[str, Any]) -> str:
    """Of the settings by name and of the inputs: two commands with the same one search together."""
    content = {name: value.model_dump(mode="json") for name, value in settings.items()} | {"inputs": inputs}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
