"""`app.py` with a clock that begins at a moment of its own, so that a picture does not hang on the day it was taken on.

SHARED_JOURNEY_NOON is that moment, in ISO form; from there the clock goes on as any does.
"""

from __future__ import annotations

import os
import runpy
import time
from datetime import datetime, timedelta

import corpus.store

BEGAN = time.monotonic()
NOON = datetime.fromisoformat(os.environ["SHARED_JOURNEY_NOON"])


def now() -> datetime:
    return NOON + timedelta(seconds=time.monotonic() - BEGAN)


# Before anything else is imported: the rest of the program takes its clock from here.
corpus.store.utc_now = now
corpus.store.open_store.__kwdefaults__["clock"] = now

if __name__ == "__main__":
    from index.find import Finder

    Finder.__init__.__kwdefaults__["today"] = lambda: now().date()  # whose turn it is among near-equals
    runpy.run_path("app.py", run_name="__main__")
