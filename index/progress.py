"""A progress bar for embedding, on standard error. rich is imported when there is something to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def progress_bar() -> Callable[[int, int], None]:
    """A function (done, total) that draws a bar, and ends it when all is done."""
    bar: Any = None
    task: Any = None

    def on_progress(done: int, total: int) -> None:
        nonlocal bar, task
        if bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("Embedding stories"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            bar = Progress(*columns, console=Console(stderr=True))
            task = bar.add_task("", total=total)
            bar.start()
        bar.update(task, completed=done, total=total)
        if done >= total:
            bar.stop()

    return on_progress
