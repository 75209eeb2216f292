"""Pictures of a page. Those for a person's eyes alone are taken only when somebody asked for them.

SHARED_JOURNEY_SCREENSHOTS names the folder that keeps them. Without it a test shows what it must by other means, and no
time goes into pictures that are thrown away.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

TRIES = 3


def picture(of: Any, **options: Any) -> bytes:
    """A PNG of a page, or of a part of it. Options: those of Playwright's `screenshot`.

    Chromium gives none at the very moment that one page takes another's place ("Unable to capture screenshot"), and then
    it is asked again. Raises: Playwright's error, when it still gives none, and at once for any other trouble.
    """
    from playwright.sync_api import Error

    for left in reversed(range(TRIES)):
        try:
            return bytes(of.screenshot(**options))
        except Error as error:
            if not left or "Unable to capture screenshot" not in error.message:
                raise
            time.sleep(0.5)
    raise AssertionError("not reached: the last try returns or raises")


def photo(of: Any, name: str, **options: Any) -> None:
    """Keep a picture for a person to look at, if somebody asked for pictures. name: the file's, without an ending."""
    if folder := os.environ.get("SHARED_JOURNEY_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        picture(of, path=Path(folder) / f"{name}.png", **options)
