"""Each page in four looks beside each other: on a phone and on a desktop, light and dark."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browser.drawn import drawn
from browser.photo import picture

PHONE, DESKTOP = (390, 844), (1280, 900)
LOOKS = {
    f"{device}-{scheme}": (size, scheme)
    for device, size in (("phone", PHONE), ("desktop", DESKTOP))
    for scheme in ("light", "dark")
}
SCALE, GAP, QUALITY = 0.6, 16, 55


def as_high_as_the_page(page: Any, width: int) -> None:
    """As if the screen were so: what sticks to its edges then stands where it belongs."""
    page.set_viewport_size({"width": width, "height": 300})
    page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})
    page.evaluate("scrollTo(0, 0)")


def each(page: Any, do: Callable[[str], None], *, whole: bool) -> None:
    """`do` for the page in each look, by its name; then the page is as it was. whole: as high as it is."""
    before = page.viewport_size
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    for look, ((width, height), scheme) in LOOKS.items():
        page.emulate_media(color_scheme=scheme)
        if whole:
            as_high_as_the_page(page, width)
        else:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate("[...document.querySelectorAll('.sj-turn')].pop()?.scrollIntoView()")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{look} scrolls sideways"
        do(look)
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.set_viewport_size(before)


def fingerprints(page: Any, *, whole: bool) -> dict[str, str]:
    """What draws the page in each look."""
    found: dict[str, str] = {}
    each(page, lambda look: found.update({look: "-".join(drawn(page).values())}), whole=whole)
    return found


def sheet(page: Any, path: Path, top: Callable[[], float], height: int, *, whole: bool) -> None:
    """All looks in one small picture. top: where the page is cut off above; height: so many pixels of it, at most."""
    from PIL import Image

    shots: list[Any] = []

    def take(_: str) -> None:
        shot = Image.open(io.BytesIO(picture(page, animations="disabled"))).convert("RGB")
        above = int(top())
        cut = shot.crop((0, above, shot.width, min(shot.height, above + height)))
        shots.append(cut.resize((int(cut.width * SCALE), int(cut.height * SCALE)), Image.Resampling.LANCZOS))

    each(page, take, whole=whole)
    made = Image.new(
        "RGB", (sum(s.width for s in shots) + GAP * (len(shots) + 1), max(s.height for s in shots) + 2 * GAP), "#888"
    )
    left = GAP
    for shot in shots:
        made.paste(shot, (left, GAP))
        left += shot.width + GAP
    made.save(path, "WEBP", quality=QUALITY, method=6)
