"""axe-core over the page as it stands: what it finds wrong, as lines that can be read.

The script comes with the package axe-playwright-python (MIT; axe-core itself is MPL-2.0), is needed by tests only, and
runs from memory: the page loads nothing for it, and its content security policy stays as it is.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
COLOURS = ("cat.color",)
WIDTHS = {320: 640, 390: 844, 1280: 900}  # and how high
SCHEMES = ("light", "dark")
_RUN = """async tags => {
  const found = await axe.run(document, { runOnly: tags, resultTypes: ['violations'], preload: false });
  return found.violations.flatMap(v => v.nodes.map(n => v.id + ' (' + v.impact + '): ' + n.target.join(' ') + ' | '
    + n.html.replace(/\\s+/g, ' ').slice(0, 120) + ' | ' + (n.failureSummary || '').split('\\n').slice(1, 3).join(' ')));
}"""
# Where the page itself comes to rest: at its top, or with the last answer under the bar. While somebody scrolls, half of
# a link shows below the bar for a moment, and axe counts what is left of it: that is no fault of the page.
_REST = """() => {
  const turns = [...document.querySelectorAll('#sj-talk .sj-turn')].filter(turn => turn.checkVisibility());
  if (turns.length > 1) turns.pop().scrollIntoView({ block: 'start' }); else scrollTo(0, 0);
}"""


@cache
def source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def faults(page: Any, tags: tuple[str, ...] = TAGS) -> list[str]:
    """What axe finds on the page as it stands, no rule left out: [rule (impact): where | markup | why]."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(source())
    found: list[str] = page.evaluate(_RUN, list(tags))
    return found


def everywhere(page: Any, name: str) -> None:
    """The page as it stands has no fault at any width, by day and by night; it is not opened again for that.

    By night only what reads colours is asked again: the styles change nothing but colours there.
    """
    wrong: dict[str, list[str]] = {}
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(_REST)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            if found := faults(page, TAGS if scheme == "light" else COLOURS):
                wrong[f"{name}, {width}, {scheme}"] = found
    assert not wrong, "\n".join(f"{where}:\n  " + "\n  ".join(lines) for where, lines in wrong.items())
