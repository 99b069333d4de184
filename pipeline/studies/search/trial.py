"""One trial: a point becomes a network, is trained shortly, lowered and traced."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from data_prep.errors import InputFileError, PipelineError, TrainingSettingsError, UnsupportedModelError
from pipeline.studies.search.files import Files, files_of
from pipeline.studies.search.networks import RefusedError, hardware_network, model_file, quantized_network, weights_file
from pipeline.studies.search.record import Record, TrialMeasurement
from pipeline.studies.search.rivals import goes_on, reason_to_stop
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import Point, Space

if TYPE_CHECKING:
    from models.training.inherit import NetworkWeights
    from models.training.short_training import Jets, TaggerQuality

REPLICAS = 50
"""Of the validation jets, for the statistical error of the AUC."""
IMAGE_SETS = 3
"""Held in memory at most."""


class HopelessError(PipelineError):
    """A training that was given up."""


class Note(Protocol):
    """Keeps facts about the trial that is running, whatever becomes of it."""

    def __call__(self, **facts: Any) -> None:
        """Keep facts by name."""


@dataclass
class Bench:
    """What a worker needs to run trials one after the other.

    Attributes:
        settings: search.yaml.
        space: the search space.
        work: the folder of the search: image sets, and `networks/` with what trials leave.
        alive: raises when the worker shall end; asked between epochs.
    """

    settings: SearchSettings
    space: Space
    work: Path
    alive: Callable[[], None] = lambda: None
    _jets: dict[str, tuple[Jets, Jets]] = field(default_factory=dict)
    _weights: dict[int, NetworkWeights] = field(default_factory=dict)

    def run(self, number: int, point: Point, others: Sequence[Record], note: Note) -> TrialMeasurement:
        """Measure a point.

        Args:
            number: of the trial.
            point: what to try.
            others: the trials so far.
            note: keeps facts about this one.

        Raises:
            RefusedError: a design that is not worth training.
            HopelessError: one whose training was given up, or that came out of it as a constant.
            TrainingSettingsError: bits that a float network is to choose where none is trained.
            PipelineError: a training that diverged.
        """
        from tensorflow import keras

        files = self._files(point, others, note)
        keras.backend.clear_session()
        keras.utils.set_random_seed(self.settings.seed)
        seconds: dict[str, float] = {}
        try:
            with _timed(seconds, "images"):
                learn, judge = self._jets_of(files)
            with _timed(seconds, "build"):
                model = quantized_network(files, learn)
                chooses = self._require_trainable(model, files)
                source, complete = self._inherit(model, files, others)
                note(inherited=source)
            with _timed(seconds, "estimate"):
                estimate = self._estimate(model, files, learn)
                note(estimate=estimate)
            if (chooses or not complete) and self.settings.training.float_epochs:
                with _timed(seconds, "float"):
                    self._train_float(model, files, learn, judge, fresh=source is None)
            with _timed(seconds, "quantized"):
                curve = self._train(model, files, learn, judge, estimate, others)
                further = self._train_further(model, files, learn, curve, estimate, others)
            with _timed(seconds, "measure"):
                quality = self._kept(model, judge, number, files)
            if quality.constant:
                raise HopelessError("its scores are the same for all jets")
            with _timed(seconds, "logic"):
                cost = self._cost(model, files)
        finally:
            note(seconds=seconds)
        self.alive()
        return TrialMeasurement(
            objective=self._objective(quality),
            auc=quality.macro_auc,
            auc_error=quality.error,
            rejection=quality.rejection,
            accuracy=quality.accuracy,
            estimate=round(cost.lut),
            registers=cost.registers,
            clocks=cost.clocks,
            interval=cost.interval,
            parameters=int(model.count_params()),
            curve=tuple(curve),
            epochs=len(curve) + further,
        )

    def _files(self, point: Point, others: Sequence[Record], note: Note) -> Files:
        """The settings of a point that no other trial has."""
        try:
            files = files_of(self.space.content(point))
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise RefusedError(f"not a valid configuration: {reason}") from None
        note(design=files.design, images=files.image_set, kin=files.kin)
        for other in others:
            if other.design == files.design and (other.trained or other.state == "running"):
                raise RefusedError(f"is the design of trial {other.number}")
        return files

    def _jets_of(self, files: Files) -> tuple[Jets, Jets]:
        """Training and validation jets; those of the last few image sets are kept."""
        from data_prep.store.jet_images import open_dataset
        from models.training.short_training import read_jets

        name, how, seed = files.image_set, self.settings.training, self.settings.seed
        if name not in self._jets:
            while len(self._jets) >= IMAGE_SETS:
                del self._jets[next(iter(self._jets))]
            dataset = open_dataset(self.work / name)
            learn = read_jets(dataset, "train", how.jets, seed)
            self._jets[name] = (learn, read_jets(dataset, "validation", how.validation_jets, seed))
        return self._jets[name]

    def _require_trainable(self, model: Any, files: Files) -> bool:
        """Look at the network before it is trained: whether a float network has to choose its bits by channel.

        Raises:
            TrainingSettingsError: it has to, and none is trained, here or when the design is trained fully.
        """
        from models.quantization.channel_bits import undecided
        from models.training.network import require_trainable

        require_trainable(model, files.train)
        chooses = bool(undecided(model))
        if chooses and not self.settings.training.float_epochs:
            raise TrainingSettingsError(
                "'training.float_epochs' is 0, but 'mean_bits' in model.yaml lets the trained float network choose",
                file="search.yaml",
                remedy="give it epochs, or leave 'mean_bits' out",
            )
        return chooses

    def _inherit(self, model: Any, files: Files, others: Sequence[Record]) -> tuple[int | None, bool]:
        """Start from the most similar network that was trained: its trial, and whether it has all the weights."""
        from models.training.inherit import NetworkWeights, inherit, shared

        own = NetworkWeights.of(model)
        best: tuple[tuple[float, bool, float], int, NetworkWeights] | None = None
        for other in others:
            if other.measured is None or other.kin != files.kin:
                continue
            if other.number not in self._weights:
                try:
                    self._weights[other.number] = NetworkWeights.load(weights_file(self.work, other.number))
                except InputFileError:
                    continue  # it was trained on another machine, or it was not kept
            source = self._weights[other.number]
            rank = (shared(own, source), other.images == files.image_set, other.measured.objective)
            if best is None or rank > best[0]:
                best = (rank, other.number, source)
        if best is None or not best[0][0]:
            return None, False
        inherit(model, best[2])
        return best[1], best[0][0] == 1 and best[0][1]

    def _estimate(self, model: Any, files: Files, jets: Jets) -> int | None:
        """LUTs of the network before it is trained; none where its form cannot be estimated so."""
        from hls_projects.lowering.lower import lower
        from hls_projects.lowering.types import prove_network
        from hls_projects.rtl.synthesis.estimate import estimate_luts
        from models.quantization.channel_bits import guess
        from models.training.pruning import prune_once

        if files.hardware.rtl.form != "unrolled":
            return None
        copy = quantized_network(files, jets)  # one that is lowered cannot be trained any more
        copy.set_weights(model.get_weights())
        if files.train.pruning:
            prune_once(copy, files.train.pruning)
        guess(copy)
        try:
            estimate = estimate_luts(prove_network(lower(copy)))
        except UnsupportedModelError as error:
            raise RefusedError(error.problem) from None
        limit = self.settings.constraints.lut
        if limit is not None and estimate > self.settings.refuse * limit:
            raise RefusedError(f"takes about {estimate:,.0f} LUT by the estimate before training")
        return round(estimate)

    def _train_float(self, model: Any, files: Files, learn: Jets, judge: Jets, *, fresh: bool) -> None:
        """Train the float network of the same shape, take its weights, and let it choose bits by channel."""
        from models.architectures.registry import HARDWARE, networks
        from models.quantization.channel_bits import undecided
        from models.training.network import warm_start
        from models.training.short_training import choose_bits

        choices = {candidate.name: candidate for candidate in networks(files.model, files.images.grid.kind)}
        network = choices[str(choices[HARDWARE].starts_from)]

        def build() -> Any:
            return network.build(files.model, tuple(learn.images.shape[1:]), len(learn.classes))

        twin = self._best_start(build, learn, judge) if fresh else build()
        if not fresh:
            warm_start(twin, model)
        how = self.settings.training
        self._fit_float(twin, learn, how.float_epochs)
        warm_start(model, twin)
        if undecided(model):
            choose_bits(model, twin, learn, how.batch, self.settings.seed)

    def _best_start(self, build: Callable[[], Any], learn: Jets, judge: Jets) -> Any:
        """Of several initial networks the best one after an epoch: the first filters decide much of the rest."""
        from tensorflow import keras

        from models.training.short_training import Judge

        twin = build()
        if self.settings.training.float_starts == 1:
            return twin
        starts = []
        for number in range(self.settings.training.float_starts):
            if number:
                keras.utils.set_random_seed(self.settings.seed + number)
                twin = build()
            self._fit_float(twin, learn, 1)
            starts.append((self._objective(Judge(twin, judge).quality()), -number, twin))
        return max(starts, key=lambda start: start[:2])[2]

    def _fit_float(self, twin: Any, learn: Jets, epochs: int) -> None:
        """Train the float network for some epochs."""
        from models.training.short_training import fit

        how = self.settings.training
        fit(
            twin,
            learn,
            epochs=epochs,
            learning_rate=how.float_learning_rate,
            batch=how.batch,
            seed=self.settings.seed,
            after_epoch=lambda epoch: self.alive(),
        )

    def _train(
        self, model: Any, files: Files, learn: Jets, judge: Jets, estimate: int | None, others: Sequence[Record]
    ) -> list[float]:
        """Train the quantized network; the objective after every epoch."""
        from models.training.short_training import Judge, fit

        how, curve, eyes = self.settings.training, [], Judge(model, judge)

        def after_epoch(epoch: int) -> None:
            self.alive()
            curve.append(self._objective(eyes.quality()))
            if epoch < how.epochs and (reason := reason_to_stop(how.hopeless, curve, estimate, others)):
                raise HopelessError(reason)

        fit(
            model,
            learn,
            epochs=how.epochs,
            learning_rate=how.learning_rate,
            batch=how.batch,
            seed=self.settings.seed + 1,
            pruning=files.train.pruning,
            after_epoch=after_epoch,
        )
        return curve

    def _train_further(
        self,
        model: Any,
        files: Files,
        learn: Jets,
        curve: Sequence[float],
        estimate: int | None,
        others: Sequence[Record],
    ) -> int:
        """Train a promising network longer; for how many epochs."""
        from models.training.short_training import fit

        how = self.settings.training
        if how.further is None or not goes_on(how.further, curve, estimate, others):
            return 0
        fit(
            model,
            learn,
            epochs=how.further.epochs,
            learning_rate=how.further.learning_rate,
            batch=how.batch,
            seed=self.settings.seed + 2,
            pruning=files.train.pruning,
            after_epoch=lambda epoch: self.alive(),
        )
        return how.further.epochs

    def _kept(self, model: Any, judge: Jets, number: int, files: Files) -> TaggerQuality:
        """Keep the network, and measure it as hardware computes."""
        from models.files.load import save_model
        from models.files.meaning import MEANING, Meaning
        from models.quantization.exact import exact_inference
        from models.quantization.plain_quantizers import store_plainly
        from models.training.inherit import NetworkWeights
        from models.training.short_training import Judge

        path = model_file(self.work, number)
        path.parent.mkdir(exist_ok=True)
        NetworkWeights.of(model).save(weights_file(self.work, number))
        store_plainly(model)
        save_model(model, path)
        Meaning.of_training(files.images.description, files.model).save(path.with_suffix(f".{MEANING}"))
        return Judge(exact_inference(model), judge).quality(REPLICAS, self.settings.seed)

    def _cost(self, model: Any, files: Files) -> Any:
        """The smallest traced design."""
        from hls_projects.rtl.synthesis.cost import design_cost

        try:
            return design_cost(hardware_network(model, files), files.hardware)
        except UnsupportedModelError as error:
            raise RefusedError(error.problem) from None

    def _objective(self, quality: TaggerQuality) -> float:
        return quality.macro_auc if self.settings.objective == "macro_auc" else quality.rejection


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    """Note how long a step takes."""
    begin = time.monotonic()
    try:
        yield
    finally:
        seconds[step] = round(time.monotonic() - begin, 2)
