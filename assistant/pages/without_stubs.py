"""Gradio without the type stubs that it writes for editors.

Whenever Gradio is imported, it parses the source of every component and of its stub, and writes the stub anew, into
the installed package: half of the time that its import takes, and of no use to a program that runs.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def without_stubs() -> Iterator[None]:
    """Import Gradio, or define a component of it, inside of this. Everything else is as without.

    Gradio writes no stub for a component whose file is not known, which is what it is told here. Should it find files
    in another way one day, it only takes longer again (tests/test_pages_server.py says so).
    """
    known = inspect.getfile

    def of_no_component(what: Any) -> str:
        if type(what).__name__ == "ComponentMeta":
            raise OSError("no stub is needed")
        return known(what)

    inspect.getfile = of_no_component  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = known
