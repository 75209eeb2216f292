"""Running pipelines over a task, with the code that the page uses, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from corpus.types import Span, Story
from index import passages
from index.choose import DAY, TURN, Turns, choose, in_turn
from index.collection import Candidate, Collection
from index.embed import Embedder, Vectors
from index.evaluation.task import Asked, Task, words_of
from index.facts import Facts, Held
from index.pipelines import Pipeline
from index.query import Query, Sense
from index.rank import FLOOR, Ranker
from index.terms import Reader

DEPTH = 100  # ranks kept of each query
SHOWN = 3  # stories that a person sees at once
_BATCH = 64  # documents embedded at once
# An evaluation is always of the same day and program, so that its figures can be made again.
_TURNS = ("evaluation", 739556)  # the first of November 2026


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document as the page would order it. `story` is what choosing looks at."""

    id: str  # of the task
    story: Story
    score: float
    nearness: float


@dataclass(frozen=True, slots=True)
class Run:
    """What one pipeline did with every query of a task."""

    pipeline: Pipeline
    ranked: Mapping[str, tuple[Ranked, ...]]  # query id → best first, the first SHOWN chosen as the page does
    cpu_ms: Mapping[str, float]  # query id → embedding and finding, all threads together

    def ids(self) -> dict[str, list[str]]:
        return {query: [r.id for r in ranked] for query, ranked in self.ranked.items()}


class Bench:
    """A task in memory: its documents embedded once, for every pipeline that is run over it."""

    def __init__(
        self,
        task: Task,
        embedder: Embedder,
        *,
        floor: float = FLOOR,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.task = task
        self.embedder = embedder
        self.floor = floor
        self.of_task = {story.id: id for id, story in task.documents.items()}  # the program's id → the task's
        self.collection = Collection(embedder.dimension)
        self._rankers: dict[Pipeline, Ranker] = {}
        self._senses: dict[str, tuple[Sense, float]] = {}
        self._themes = Ranker(embedder, _NOTHING).themes
        documents = list(task.documents.values())
        passage_id = 0
        read = Reader()
        for start in range(0, len(documents), _BATCH):
            added = {}
            for story, spans, vectors in _embedded(documents[start : start + _BATCH], embedder):
                ids = tuple(range(passage_id, passage_id + len(spans) + 1))
                passage_id += len(ids)
                added[story.id] = Held(
                    Facts.of(story),
                    read(words_of(story)),
                    ids[0],
                    ids[1:],
                    vectors,
                    tuple(span.part for span in spans),
                )
            self.collection.change((), added)
            if on_progress:
                on_progress(min(start + _BATCH, len(documents)), len(documents))

    def ranker(self, pipeline: Pipeline) -> Ranker:
        if pipeline not in self._rankers:
            ranker = Ranker(self.embedder, pipeline, floor=self.floor, themes=self._themes)
            ranker.collection = self.collection
            ranker.ready()
            self._rankers[pipeline] = ranker
        return self._rankers[pipeline]

    def sense(self, asked: Asked) -> tuple[Sense, float]:
        """What a query is to the finder, and the CPU milliseconds that this took. Each is embedded alone, as on the
        page, and once."""
        if asked.id not in self._senses:
            ranker = self.ranker(_NOTHING)
            began = time.process_time()
            sense = ranker.sense(asked.text)
            self._senses[asked.id] = (sense, (time.process_time() - began) * 1000)
        return self._senses[asked.id]

    def run(self, pipeline: Pipeline, queries: Sequence[Asked] | None = None) -> Run:
        """Every query of the task (or some) through one pipeline."""
        ranker = self.ranker(pipeline)
        ranked: dict[str, tuple[Ranked, ...]] = {}
        cpu: dict[str, float] = {}
        if self.task.queries:  # what is made at the first question is no cost of it
            ranker.rank(Query(self.sense(self.task.queries[0])[0]))
        for asked in self.task.queries if queries is None else queries:
            sense, embedding = self.sense(asked)
            began = time.process_time()
            found = ranker.rank(Query(sense, exclude=self.shut(asked)))
            ranked[asked.id] = self.order(found, sense, width=TURN if pipeline.fusion == "sum" else None)
            cpu[asked.id] = embedding + (time.process_time() - began) * 1000
        return Run(pipeline, ranked, cpu)

    def shut(self, asked: Asked) -> frozenset[str]:
        """What may not be the answer: the document that has the query's own id, where the task says so."""
        own = self.task.documents.get(asked.id) if self.task.ignore_identical_ids else None
        return frozenset() if own is None else frozenset({own.id})

    def order(
        self,
        found: Sequence[Candidate],
        sense: Sense,
        *,
        width: float | None = TURN,
        turns: Turns | None = None,
        day: float = DAY,
    ) -> tuple[Ranked, ...]:
        """Candidates as the page would show them: the first SHOWN chosen, the rest in turn.

        width: of a turn; None: by score alone, for scores that are no cosines.
        """
        matches = [self._ranked(candidate) for candidate in found[:DEPTH]]
        if width is None:
            return tuple(matches)
        turns = turns or Turns(*_TURNS, sense.asked())
        shown = choose(matches, SHOWN, turns, self.collection.same, width=width, day=day)
        picked = {match.id for match in shown}
        return (*shown, *(m for _, m in in_turn(matches, turns, width) if m.id not in picked))

    def _ranked(self, candidate: Candidate) -> Ranked:
        id = self.of_task[candidate.id]
        return Ranked(id, self.task.documents[id], candidate.score, candidate.nearness)


_NOTHING = Pipeline("none", "only for what all pipelines share")


def _embedded(stories: Sequence[Story], embedder: Embedder) -> Iterator[tuple[Story, tuple[Span, ...], Vectors]]:
    """Each story with its passages and their vectors, that of the whole first. All of a batch are embedded together,
    and a text that is there twice (a story of one passage) once."""
    cuts = [passages.cut(story) for story in stories]
    texts = [[words_of(story), *(span.of(story) for span in spans)] for story, spans in zip(stories, cuts, strict=True)]
    unique = {text: i for i, text in enumerate(dict.fromkeys(text for some in texts for text in some))}
    vectors = embedder.encode(list(unique))
    for story, spans, some in zip(stories, cuts, texts, strict=True):
        yield story, spans, vectors[[unique[text] for text in some]]
