"""The networks of a task, trained one after the other: float ones, then the quantized one that starts from one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tensorflow import keras

from data_prep.errors import TrainingSettingsError
from data_prep.store.jet_images import ImageDataset
from models.architectures.architecture import NetworkDefinition
from models.cost.model_arithmetic import ModelArithmetic, count
from models.quantization.plain_quantizers import store_plainly
from models.settings import ModelSettings, TrainSettings
from models.training import network as training
from models.training import tagging, teachers
from models.training.batches import Images
from models.training.digit_steps import train_with_fewer
from models.training.objective import Objective
from models.training.teacher_settings import TeacherSettings
from models.training.teachers import Lessons

Progress = Callable[[str, int], AbstractContextManager[training.Advance]]
"""Opens a progress bar: what is done, and of how many jets or events."""


def counting(progress: Callable[[str, int, str], AbstractContextManager[training.Advance]], unit: str) -> Progress:
    """Opens progress bars that count these."""
    return lambda title, total: progress(title, total, unit)


@dataclass(frozen=True)
class Step:
    """One network to be trained.

    Attributes:
        network: which.
        model: what `model.yaml` holds.
        shape: rows, columns, channels of the images.
        outputs: classes, or the channels of every output by name.
    """

    network: NetworkDefinition
    model: Any
    shape: tuple[int, int, int]
    outputs: Any

    def build(self) -> keras.Model:
        """The network with new initial weights."""
        return self.network.build(self.model, self.shape, self.outputs)


def of_jets(network: NetworkDefinition, model: ModelSettings, dataset: ImageDataset) -> Step:
    """A network of these settings for these images of jets."""
    return Step(network, model, dataset.shape, len(dataset.classes))


@dataclass(frozen=True)
class TrainedNetwork:
    """One trained network with what was learned about it."""

    network: NetworkDefinition
    model: keras.Model
    history: training.History
    arithmetic: ModelArithmetic


@dataclass(frozen=True)
class Course:
    """What all trainings of a task have in common.

    Attributes:
        dataset: the images.
        settings: how to train.
        work: a folder for checkpoints, of this configuration and these images alone.
        progress: opens a progress bar.
        objective: what the networks are trained for.
    """

    dataset: Images
    settings: TrainSettings
    work: Path
    progress: Progress
    objective: Objective

    @property
    def rows(self) -> int:
        """Training images."""
        return self.dataset.split("train").rows


def train_in_turn(
    steps: Sequence[Step],
    dataset: Images,
    settings: TrainSettings,
    work: Path,
    progress: Progress,
    objective: Objective = tagging.OBJECTIVE,
) -> list[TrainedNetwork]:
    """Train networks one after the other; a stopped call goes on where it was.

    Args:
        steps: the networks in order.
        dataset: the images.
        settings: how to train.
        work: a folder for checkpoints, of this configuration and these images alone.
        progress: opens a progress bar.
        objective: what they are trained for.

    Raises:
        ConfigurationError: a network that does not fit the images.
        TrainingSettingsError: a layer to be pruned that a quantized network does not have, a teacher that there is not.
        InputFileError: images that cannot be trained on.
        PipelineError: a training that diverged.
    """
    course = Course(dataset, settings, work, progress, objective)
    teacher = settings.teacher if settings.teacher and settings.teacher.weight else None
    from_files: list[keras.Model] = []
    for step in steps:
        if step.network.quantized:
            student = step.build()
            training.require_trainable(student, settings)
            if teacher:
                _require_teachers(teacher, steps, step)
                from_files = teachers.from_files(teacher, step.model, dataset, student)
    trained: list[TrainedNetwork] = []
    for step in steps:
        if not step.network.quantized:
            trained.append(_train_float(step, course))
            continue
        lessons = _lessons(teacher, steps, step, trained, from_files, course) if teacher else None
        trained.append(_train_quantized(step, trained, lessons, course))
    return trained


def _train_float(step: Step, course: Course) -> TrainedNetwork:
    phase = course.settings.float_training
    several = 0 if phase.starts == 1 else phase.starts
    with course.progress(f"train {step.network.title}", (phase.epochs + several) * course.rows) as advance:
        built = _first(step, several, course, advance)
        checkpoint = course.work / f"{step.network.name}.npz"
        history = training.train(
            built, course.dataset, phase, course.settings, checkpoint, advance, objective=course.objective
        )
    return TrainedNetwork(step.network, built, history, count(built))


def _train_quantized(
    step: Step, trained: Sequence[TrainedNetwork], lessons: Lessons | None, course: Course
) -> TrainedNetwork:
    settings, dataset, checkpoint = course.settings, course.dataset, course.work / f"{step.network.name}.npz"
    phase, fewer = settings.quantized_training, settings.digits
    epochs = phase.epochs + (len(fewer.shares) * fewer.epochs if fewer else 0)
    objective = lessons.objective if lessons else course.objective
    scores = lessons.scores if lessons else training.NO_SCORES
    with course.progress(f"train {step.network.title}", epochs * course.rows) as advance:
        built = _first(step, 0, course, advance)
        if step.network.starts_from and settings.warm_start:
            source = next(each for each in trained if each.network.name == step.network.starts_from)
            training.warm_start(built, source.model)
            training.choose_bits(built, source.model, dataset, settings, course.objective)
        history = training.train(
            built,
            dataset,
            phase,
            settings,
            checkpoint,
            advance,
            objective=objective,
            pruning=settings.pruning,
            scores=scores,
        )
        if fewer:
            history = train_with_fewer(built, history, dataset, settings, fewer, checkpoint, advance, objective, scores)
    store_plainly(built)
    return TrainedNetwork(step.network, built, history, count(built))


def _first(step: Step, several: int, course: Course, advance: training.Advance) -> keras.Model:
    """A network with its first weights; of several, those with the smallest validation loss after an epoch."""
    settings = course.settings
    keras.utils.set_random_seed(settings.seed)
    built = step.build()
    if not several:
        return built
    epoch = settings.float_training.model_copy(update={"epochs": 1})
    found = []
    for number in range(several):
        if number:
            keras.utils.set_random_seed(settings.seed + number)
            built = step.build()
        checkpoint = course.work / f"{step.network.name}_start_{number}.npz"
        history = training.train(
            built, course.dataset, epoch, settings, checkpoint, advance, objective=course.objective
        )
        found.append((history.val_loss[-1], number, built))
    return min(found, key=lambda each: each[:2])[2]


def _require_teachers(teacher: TeacherSettings, steps: Sequence[Step], student: Step) -> None:
    """Look at what is asked of teachers before anything is trained."""
    known = [step.network.name for step in steps if not step.network.quantized]
    for name in teacher.own:
        if name not in known:
            what = f"'teacher.own' names '{name}', which is no float network of this run"
            raise TrainingSettingsError(what, file="train.yaml", remedy=f"those are {', '.join(known) or 'not there'}")
    if teacher.networks:
        _teaching(teacher, steps, student).build()


def _teaching(teacher: TeacherSettings, steps: Sequence[Step], student: Step) -> Step:
    """The networks that are trained to teach: of the kind of the float one that the student starts from."""
    floats = {step.network.name: step for step in steps if not step.network.quantized}
    like = floats.get(str(student.network.starts_from)) or next(iter(floats.values()), None)
    if like is None:
        what = "'teacher.networks': this run has no float network that shows what a teacher is"
        raise TrainingSettingsError(what, file="train.yaml", remedy="give 'files'")
    return replace(like, model=teachers.with_topology(like.model, teacher.topology))


def _lessons(
    teacher: TeacherSettings,
    steps: Sequence[Step],
    student: Step,
    trained: Sequence[TrainedNetwork],
    from_files: Sequence[keras.Model],
    course: Course,
) -> Lessons:
    """Train the teachers, and have all of them look at the images."""
    networks = [each.model for each in trained if each.network.name in teacher.own] + list(from_files)
    phase = course.settings.float_training.model_copy(update=dict(teacher.training or ()))
    for number in range(1, teacher.networks + 1):
        step = _teaching(teacher, steps, student)
        settings = course.settings.model_copy(update={"seed": course.settings.seed + number})
        with course.progress(f"train teacher {number}", phase.epochs * course.rows) as advance:
            built = _first(step, 0, replace(course, settings=settings), advance)
            checkpoint = course.work / f"teacher_{number}.npz"
            training.train(built, course.dataset, phase, settings, checkpoint, advance, objective=course.objective)
        networks.append(built)
    return teachers.lessons(networks, teacher, course.dataset, course.objective, course.work)
