"""Who is missing: the coverage of the collection as plots, each with the table that it is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response

from assistant.pages.desk import frame
from assistant.pages.desk.access import Desk
from assistant.pages.talk import note
from assistant.words import say
from assistant.words.local import language_name
from corpus import report, vocabulary
from corpus.custody import FLOOR, Counted, Role, SignedIn

if TYPE_CHECKING:
    from assistant.settings import Parts

WIDTH = 320  # of a plot, in the units of its own drawing


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a plot: its label, its count, and how long it is drawn (0 to WIDTH)."""

    label: str
    count: int
    length: float


def bars(counts: dict[str, str], values: dict[str, int]) -> tuple[Bar, ...]:
    """A bar for each id of `counts` (id → label), as long as its share of the largest."""
    most = max(values.values(), default=0) or 1
    return tuple(Bar(label, values[id], round(WIDTH * values[id] / most, 1)) for id, label in counts.items())


def add(app: FastAPI, parts: Parts, desk: Desk) -> None:
    @app.get("/desk/coverage")
    def coverage(request: Request, who: SignedIn = Depends(desk.needs(Role.READ_ONLY))) -> Response:
        try:
            found, lang = report.coverage(parts.store, desk.now()), frame.lang_of(request)
            untold = say("page.desk.coverage.untold", lang)
            themes = {id: vocabulary.label("themes", id) for id in found.themes}
            stages = {id: untold if id == report.UNTOLD else vocabulary.label("stages", id) for id in found.stages}
            contexts = {
                id: untold if id == report.UNTOLD else vocabulary.label("contexts", id) for id in found.contexts
            }
            languages = {id: language_name(id, lang) for id in found.languages}
            plots = (
                ("themes", bars(themes, found.themes)),
                ("stages", bars(stages, found.stages)),
                ("contexts", bars(contexts, found.contexts)),
                ("languages", bars(languages, found.languages)),
            )
            grid = [(themes[id], [row[stage] for stage in stages]) for id, row in found.theme_by_stage.items()]
            return desk.page(
                "desk/coverage.html",
                request,
                who,
                found=found,
                plots=plots,
                grid=grid,
                most=max((n for _, row in grid for n in row), default=0) or 1,
                stages=tuple(stages.values()),
                untold=tuple(themes[id] for id in found.untold),
                told=report.told,
                missing=tuple((week, vocabulary.label("themes", id), n) for week, id, n in found.missing),
                counting=desk.settings.counts,
                counted=tuple(Counted),
                floor=FLOOR,
                width=WIDTH,
            )
        except Exception as error:
            note(error)
            return desk.page("desk/refused.html", request, who, 500, why="trouble", typed=())
