"""Sources of the emulator package that would not mean the same there are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.errors import PipelineError
from hls_projects.export.targets.cmssw_sources import as_synthesised, in_namespace


def test_sources_of_another_form_are_refused() -> None:
    with pytest.raises(PipelineError, match="tells simulation from synthesis"):
        as_synthesised("#ifdef __SYNTHESIS__\nint a;\n#endif\n", Path("x.h"))
    with pytest.raises(PipelineError, match="includes files under a condition"):
        in_namespace('#if X\n#include "a.h"\n#endif\nint a;\n', "n", Path("x.h"))
