"""The one door to Optuna: trials in a database that many processes and machines share."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import optuna
import sqlalchemy.event
import sqlalchemy.exc
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler
from optuna.samplers.nsgaii import PolynomialMutation
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState

from data_prep.errors import ConfigurationError, PipelineError
from data_prep.system.machine import DISK, ROOM, MachineError, machine_fault
from pipeline.studies.search.front import excess
from pipeline.studies.search.networks import RefusedError
from pipeline.studies.search.record import HAND_MADE, Record, State, TrialMeasurement
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import Dimension, Point, Space
from pipeline.studies.search.trial import HopelessError, Note

logging.getLogger("alembic").setLevel(logging.WARNING)
optuna.logging.set_verbosity(optuna.logging.ERROR)
# Heartbeats are experimental. Said once for the process: `warnings.catch_warnings` is not for threads.
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)

NAME = "search"
"""Of the study in its database."""
_CLAIM = f"{NAME}, first designs"
"""An empty study whose name says that some command adds the designs to try first."""
CLAIMED = 30.0
"""Seconds that others wait for it."""
HEARTBEAT = 10
"""Seconds between two signs of life of a trial."""
GRACE = 120
"""Seconds without one after which its worker is taken for dead."""
RETRIES = 2
"""How often a trial is tried again whose worker died."""
DIRECTIONS = ("maximize", "minimize", "minimize")
"""Of the objective, LUTs and clocks."""
LIMITS = ("lut", "clocks", "interval")
"""What Optuna calls the constraints."""
_SETTINGS, _STARTED = "settings", "started"

Run = Callable[[int, Point, Sequence[Record], Note], TrialMeasurement]
"""Measures a point: its number, the point, the trials so far, and what keeps facts about it."""


class _NoRoomError(KeyboardInterrupt):
    """A full disk; for Optuna an interruption, for it is no fault of the trial."""


class Study:
    """A search that goes on where it was, together with others on the same database.

    Args:
        url: of the database, as SQLAlchemy takes it.
        settings: search.yaml.
        space: the search space.
        fingerprint: of everything that two commands must have in common to search together.
        heartbeat: seconds between two signs of life, and without one after which a worker is taken for dead.

    Raises:
        ConfigurationError: a database that cannot be opened, or that holds a search with other settings.
        MachineError: a full disk.
    """

    def __init__(
        self,
        url: str,
        settings: SearchSettings,
        space: Space,
        fingerprint: str,
        heartbeat: tuple[int, int] = (HEARTBEAT, GRACE),
    ) -> None:
        self._settings, self._space = settings, space
        engine = {"connect_args": {"timeout": 100}} if url.startswith("sqlite") else {"pool_pre_ping": True}
        with _disk(url):
            try:
                self._storage = _made_once(
                    lambda: RDBStorage(
                        url,
                        engine_kwargs=engine,
                        heartbeat_interval=heartbeat[0],
                        grace_period=heartbeat[1],
                        heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=RETRIES),
                    )
                )
                if url.startswith("sqlite"):
                    sqlalchemy.event.listen(self.engine, "connect", _write_ahead)
                    self.engine.dispose()
                self._study = optuna.create_study(
                    storage=self._storage, study_name=NAME, directions=list(DIRECTIONS), load_if_exists=True
                )
            except (sqlalchemy.exc.SQLAlchemyError, ImportError, ValueError) as error:
                if _full(error):
                    raise
                reason = next(iter(str(error).splitlines()), type(error).__name__)
                raise ConfigurationError(f"the database {url} cannot be used: {reason}") from None
            self._join(fingerprint)

    def _join(self, fingerprint: str) -> None:
        """Make sure that this search is the one in the database; the first one says which that is, and how it starts.

        Raises:
            ConfigurationError: it is another one.
        """
        earlier = self._study.user_attrs.get(_SETTINGS)
        if earlier is None:
            self._study.set_user_attr(_SETTINGS, fingerprint)
        elif earlier != fingerprint:
            raise ConfigurationError(
                "the database holds a search with other settings or other jets",
                remedy="take the settings it was begun with, or another --out or --storage",
            )
        if self._begun() or (not self._claim() and self._waited()):
            return
        for number, start in enumerate(({}, *self._settings.starts)):
            name = HAND_MADE if not number else f"starts.{number - 1}"
            self._study.enqueue_trial(
                self._parameters(self._space.origin | dict(start)), {"start": name}, skip_if_exists=True
            )
        self._study.set_user_attr(_STARTED, True)

    def _begun(self) -> bool:
        """Whether the designs to try first are there."""
        return bool(self._study.user_attrs.get(_STARTED))

    def _claim(self) -> bool:
        """Take it on to add them; false where another command has: of all who ask, one gets the name."""
        try:
            optuna.create_study(storage=self._storage, study_name=_CLAIM, directions=list(DIRECTIONS))
        except optuna.exceptions.DuplicatedStudyError:
            return False
        return True

    def _waited(self) -> bool:
        """Wait until another command has added them; false where it seems to have died on the way."""
        end = time.monotonic() + CLAIMED
        while not (begun := self._begun()) and time.monotonic() < end:
            time.sleep(0.1)
        return begun

    def step(self, run: Run, worker: int) -> None:
        """Draw a point and run it.

        Args:
            run: measures it.
            worker: a number among those that draw at the same time, so that they draw different points.

        Raises:
            KeyboardInterrupt: when `run` is interrupted; the trial waits to be run again.
            MachineError: a full disk.
        """
        with _disk(str(self._storage.url)):
            self._study.sampler = self._sampler(worker)
            try:
                self._study.optimize(lambda trial: self._run(trial, run), n_trials=1, catch=(Exception,))
            except _NoRoomError as error:
                full, reason = _full(error.__cause__), error.__cause__
            else:
                return
            raise full or MachineError(DISK) from reason

    def _run(self, trial: optuna.Trial, run: Run) -> tuple[float, ...]:
        point = self._point(trial)

        def note(**facts: Any) -> None:
            for name, value in facts.items():
                trial.set_user_attr(name, value)

        note(point=point)
        try:
            others = [record for record in self.records() if record.number != trial.number]
            measured = run(trial.number, point, others, note)
        except (RefusedError, HopelessError) as error:
            note(outcome="refused" if isinstance(error, RefusedError) else "hopeless", reason=str(error))
            raise optuna.TrialPruned from None
        except KeyboardInterrupt:
            self._again(trial, "interrupted")
            raise
        except Exception as error:
            if _full(error):
                self._again(trial, "no room on the disk")
                raise _NoRoomError from error
            note(reason=_reason(error))
            raise
        note(measured=measured.model_dump(mode="json"))
        for name, over in zip(LIMITS, excess(measured, self._settings.constraints), strict=True):
            trial.set_constraint(name, over)
        return measured.objective, float(measured.estimate), float(measured.clocks)

    def _again(self, trial: optuna.Trial, reason: str) -> None:
        """Let a trial wait that could not be finished."""
        with suppress(Exception):
            trial.set_user_attr("reason", reason)
            start = {"start": trial.user_attrs["start"]} if "start" in trial.user_attrs else {}
            self._study.enqueue_trial(trial.params, start)

    @property
    def engine(self) -> Any:
        """The SQLAlchemy engine of the database."""
        return self._storage.engine

    def records(self) -> list[Record]:
        """All trials by number."""
        with _disk(str(self._storage.url)):
            return [_record(trial) for trial in self._study.get_trials(deepcopy=False)]

    def revive(self) -> None:
        """Let trials whose worker died wait to be run again."""
        with _disk(str(self._storage.url)):
            optuna.storages.fail_stale_trials(self._study)

    def _sampler(self, worker: int) -> BaseSampler:
        """A fresh sampler whose draws depend on the seed, on the trials there are and on who asks."""
        drawn = len(self._study.get_trials(deepcopy=False))
        seed = int(np.random.SeedSequence([self._settings.seed, drawn, worker]).generate_state(1)[0])
        size = self._settings.population
        if self._settings.sampler == "tpe":
            return TPESampler(seed=seed, n_startup_trials=size, multivariate=True)
        return NSGAIISampler(
            seed=seed,
            population_size=size,
            mutation=PolynomialMutation(eta=2.0),
            mutation_prob=min(0.5, 2 / len(self._space.dimensions)),
        )

    def _point(self, trial: optuna.Trial) -> Point:
        """Draw a value a dimension; those of an order by their place in it, so that neighbours are tried."""
        point: Point = {}
        for dimension in self._space.dimensions:
            if dimension.ordered:
                point[dimension.name] = dimension.values[
                    trial.suggest_int(dimension.name, 0, len(dimension.values) - 1)
                ]
            else:
                point[dimension.name] = trial.suggest_categorical(dimension.name, list(dimension.values))
        return point

    def _parameters(self, point: Point) -> dict[str, Any]:
        """What Optuna calls a point."""
        return {dimension.name: _parameter(dimension, point[dimension.name]) for dimension in self._space.dimensions}


def _parameter(dimension: Dimension, value: Any) -> Any:
    if value not in dimension.values:
        raise ConfigurationError(f"'{dimension.name}' has no value {value!r}; it has {list(dimension.values)}")
    return dimension.values.index(value) if dimension.ordered else value


def _made_once(storage: Callable[[], RDBStorage]) -> RDBStorage:
    """A database that others may be making right now: who comes second finds tables half there, and tries again."""
    for pause in (0.3, 1.0):
        with suppress(sqlalchemy.exc.DBAPIError):
            return storage()
        time.sleep(pause)
    return storage()


def _write_ahead(connection: Any, _: Any) -> None:
    """SQLite without a wait for the disk at every step; what it holds stays whole if a process is killed."""
    for pragma in ("journal_mode = wal", "synchronous = normal"):
        connection.execute(f"pragma {pragma}")


def _record(trial: FrozenTrial) -> Record:
    attributes = trial.user_attrs
    state: State
    if trial.state == TrialState.COMPLETE:
        state = "finished"
    elif trial.state == TrialState.PRUNED:
        state = attributes.get("outcome", "refused")
    else:
        words: dict[TrialState, State] = {
            TrialState.WAITING: "waiting",
            TrialState.RUNNING: "running",
            TrialState.FAIL: "failed",
        }
        state = words[trial.state]
    known = ("start", "design", "images", "kin", "inherited", "estimate", "seconds", "reason", "point")
    facts = {name: attributes[name] for name in known if name in attributes}
    if state == "failed" and "reason" not in facts:
        facts["reason"] = "its worker died"
    measured = TrialMeasurement.model_validate(attributes["measured"]) if state == "finished" else None
    return Record(number=trial.number, state=state, measured=measured, **facts)


def _reason(error: Exception) -> str:
    text = str(error) if isinstance(error, PipelineError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:300]


def _full(error: BaseException | None, file: str | None = None) -> MachineError | None:
    """What is said where something ended for want of room on a disk."""
    fault = machine_fault(error, file)
    return fault if fault is not None and fault.lack in ROOM else None


@contextmanager
def _disk(url: str) -> Iterator[None]:
    """While Optuna works: a database whose disk is full says so as the operating system does.

    Where the end of a trial cannot be written, Optuna fails with an assertion of its own on top of that.
    """
    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError, AssertionError) as error:
        if (full := _full(error, url.removeprefix("sqlite:///"))) is not None:
            raise full from error
        raise
