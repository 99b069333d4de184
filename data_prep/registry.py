"""The registry: each object that can be chosen by name is declared by one module of a package.

The package's files are searched once, as text, for modules that declare the object; a module is imported when its
object is used. So names are known before any library is imported, and there is no list of them to maintain.

    STEPS = Registry("data_prep.steps", "STEP", StepKind)   # every data_prep/steps/<name>.py with a line `STEP = ...`
    STEPS["roll"].settings
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """The objects that the modules of one package declare, by the names of the modules, in alphabetical order.

    Args:
        package: dotted name of the package.
        declaration: the name that a module gives its object, such as `LAYOUT`.
        object_class: the class of the objects.
    """

    def __init__(self, package: str, declaration: str, object_class: type[T]) -> None:
        self.package, self.declaration, self.object_class = package, declaration, object_class

    def __getitem__(self, name: str) -> T:
        """The object of a name.

        Raises:
            KeyError: no module of this name declares one.
            TypeError: the declared object is of another class.
        """
        if name not in self._names:
            raise KeyError(name)
        declared = getattr(import_module(f"{self.package}.{name}"), self.declaration)
        if not isinstance(declared, self.object_class):
            raise TypeError(f"{self.package}.{name}.{self.declaration} is no {self.object_class.__name__}")
        return declared

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def require_known(self, name: str) -> str:
        """The name, unchanged.

        Raises:
            ValueError: the name is not in this registry; the message lists the known names.
        """
        if name not in self._names:
            raise ValueError(f"'{name}' is unknown; known are {', '.join(self._names)}")
        return name

    @cached_property
    def _names(self) -> tuple[str, ...]:
        declared = re.compile(rf"^{self.declaration}\b[^=\n]*=", re.MULTILINE)
        folder = _folder(self.package)
        return tuple(
            sorted(path.stem for path in folder.glob("*.py") if declared.search(path.read_text(encoding="utf-8")))
        )


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    return Path(next(iter(spec.submodule_search_locations)))
