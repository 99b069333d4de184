"""What the documents point at is there: links, headings, files of this project; the licence is the published text."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DOCUMENTS = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def _prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", _prose(page))
    for target, anchor in links:
        file = (page.parent / target) if target else page
        assert file.is_file(), f"{page.name}: {target}"
        assert not anchor or anchor in _anchors(file), f"{page.name}: {target}#{anchor}"


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_files_that_are_named_are_there(page: Path) -> None:
    """Code, tests and configurations by their full path."""
    names = re.findall(
        r"`((?:data_prep|models|hls_projects|pipeline|tests|benchmarks|configs)/[\w/.-]+\.(?:py|yaml|j2))`",
        _prose(page),
    )
    assert [name for name in names if not (ROOT / name).is_file()] == []


def test_readme_leads_to_every_page() -> None:
    readme = PAGES[0].read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in readme] == []


def test_pre_commit_checks_what_make_check_does() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    assert [f"\t{hook['entry']}\n".replace(".venv", "$(VENV)") for hook in hooks] == recipe[1].splitlines(keepends=True)


def test_the_tree_that_is_shown_is_the_tree() -> None:
    shown = re.search(r"^```\n(data_prep/.*?)^```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M | re.S)
    assert shown is not None
    package, packages = "", dict[str, set[str]]()
    for line in shown[1].splitlines():
        head, *folders = re.findall(r"(?<![\w/])(\w+)/(?![\w])", line)
        if line.startswith(" "):
            packages[package] |= {head, *folders}
        else:
            package = head
            packages[package] = set()
    for package, names in packages.items():
        assert names == {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}, package


def test_the_licence_is_the_published_text() -> None:
    """SHA-256 of https://www.apache.org/licenses/LICENSE-2.0.txt."""
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
