"""A page in headless Chromium, at any width: what runs beyond its box, and how tall the text of its figures is."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

PHONE, LAPTOP, SCREEN = 390, 1280, 1920
"""Widths in CSS pixels."""
READABLE = 10
"""The least size of text in CSS pixels."""

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)

_MEASURE = """
function shown(element) { return element.tagName.toLowerCase() + (element.id ? '#' + element.id : '') +
  ' ' + (element.closest('section') || {id: 'head'}).id + ': ' + element.textContent.trim().slice(0, 40); }
function measure(frame) {
  const page = frame.contentDocument, view = frame.contentWindow, width = page.documentElement.clientWidth;
  const found = {beyond: [], scrolled: [], text: [], figures: 0};
  page.querySelectorAll('details').forEach(each => { each.open = true; });
  if (page.documentElement.scrollWidth > width) found.beyond.push('the page');
  for (const each of page.body.querySelectorAll('*')) {
    if (each.closest('svg')) continue;
    const scrolls = ['auto', 'scroll'].includes(view.getComputedStyle(each).overflowX);
    const inner = each.parentElement.closest('.scroll, figure, pre');
    const box = each.getBoundingClientRect();
    if (!inner && box.width && (box.right > width + 1 || box.left < -1)) found.beyond.push(shown(each));
    if (each.clientWidth && each.scrollWidth > each.clientWidth + 1)
      (scrolls ? found.scrolled : found.beyond).push(shown(each));
  }
  for (const svg of page.querySelectorAll('svg')) {
    found.figures += 1;
    for (const text of svg.querySelectorAll('g[transform*="scale("]')) {
      if (!text.querySelector(':scope > use')) continue;
      const to = text.getScreenCTM();
      found.text.push([100 * Math.hypot(to.c, to.d), (svg.closest('section') || {id: 'head'}).id]);
    }
  }
  return found;
}
onload = () => {
  const all = [...document.querySelectorAll('iframe')].map(measure);
  document.body.innerHTML = '';
  document.body.dataset.found = JSON.stringify(all);
};
"""


def measure(page: str, widths: tuple[int, ...], folder: Path) -> dict[int, dict[str, Any]]:
    """What Chromium makes of a page at each width (CSS pixels).

    Args:
        page: its HTML.
        widths: of the window.
        folder: for the files of the browser.

    Returns:
        by width `beyond`: elements that run beyond the window or their box; `scrolled`: boxes with a scroll bar;
        `text`: size (CSS pixels) and section of every text in a figure; `figures`: how many there are.
    """
    # A window of Chromium is at least 500 pixels wide, a frame is not.
    frames = "".join(
        f'<iframe style="border:0;width:{width}px;height:900px" srcdoc="{html.escape(str(page))}"></iframe>'
        for width in widths
    )
    path = folder / "frames.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><body><script>{_MEASURE}</script>{frames}", encoding="utf-8")
    text = run("--dump-dom", path.as_uri(), folder=folder)
    match = re.search(r'data-found="([^"]*)"', text)
    assert match, "Chromium has measured nothing"
    return dict(zip(widths, json.loads(html.unescape(match[1])), strict=True))


def require_fitting(page: str, folder: Path) -> dict[int, dict[str, Any]]:
    """Nothing runs beyond its box at any width, nothing scrolls but on a phone, and all text can be read."""
    measured = measure(page, (PHONE, LAPTOP, SCREEN), folder)
    for width, layout in measured.items():
        assert layout["beyond"] == [], f"at {width} pixels"
        assert not [place for size, place in layout["text"] if size < READABLE], f"at {width} pixels"
    for width in (LAPTOP, SCREEN):
        assert measured[width]["scrolled"] == [], f"at {width} pixels"
    return measured


def run(*arguments: str, folder: Path) -> str:
    """What headless Chromium prints."""
    assert CHROMIUM is not None
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    process = subprocess.run([CHROMIUM, *options, *arguments], capture_output=True, text=True, check=True, timeout=300)
    return process.stdout
