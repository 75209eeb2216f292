"""A made-up collection of any size to measure with: sample stories with their sentences shuffled and exchanged.

It is made once and kept: a database as this program has it, and beside it the same passages and vectors as plain files
for whoever is compared with.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpus.samples.read import read_stories
from corpus.settings import open_corpus
from corpus.store import Store, open_store, utc_now
from corpus.types import Consent, Part, PartText, Purpose, Story
from index import passages
from index.embed import Embedder, Vectors
from index.find import Finder, rows_of
from index.settings import IndexSettings, open_embedder

_MADE = "made-"
FILTERED = "es"  # the language that one story in ten has
_EXCHANGED = 0.3  # of the sentences come from another story
_MOST_EMBEDDED = 20_000  # passages; in a larger collection vectors are mixtures of others and a little noise
Encode = Callable[[Sequence[str]], Vectors]
_SENTENCES = 300  # that are mixed
_BATCH = 16  # stories


@dataclass(frozen=True)
class Made:
    folder: Path  # journey.db, passages.jsonl, vectors.npy
    passages: list[dict[str, Any]]  # id, story, text, language
    vectors: Vectors  # float32[n, d], rows unit-norm, in the order of `passages`


def make(settings: IndexSettings, count: int, kept: Path, write: Callable[[str], None], *, quick: bool = False) -> Made:
    """The collection of at least `count` passages (a story more at most), made if it is not in `kept` yet.

    quick: without groups, and with vectors that have nothing to do with the words (as in very large ones): seconds
    instead of minutes, and searching costs the same.
    """
    folder = kept / f"passages-{count}{'-quick' if quick else ''}"
    if not (folder / "vectors.npy").exists():
        write(f"Making {count:,} passages, once.")
        folder.mkdir(parents=True, exist_ok=True)
        _fill(over(settings, folder / "journey.db"), count, folder, quick)
    with (folder / "passages.jsonl").open(encoding="utf-8") as lines:
        return Made(folder, [json.loads(line) for line in lines], np.load(folder / "vectors.npy"))


def over(settings: IndexSettings, database: Path) -> IndexSettings:
    """The same settings over another database."""
    return settings.model_copy(update={"database": f"sqlite:///{database.absolute().as_posix()}"})


def _fill(settings: IndexSettings, count: int, folder: Path, quick: bool) -> None:
    embedder = open_embedder(settings)
    store: Store = open_store(settings.database_url) if quick else open_corpus(settings)
    scheme = Finder(store, embedder).scheme
    try:
        there = {summary.id for summary in store.summaries()}  # some are, where this was broken off
        for other in there:
            if not other.startswith(_MADE):  # the samples, but for their groups
                store.withdraw(other, "bench")
        consent = Consent(
            purposes=frozenset(Purpose) - {Purpose.SHARE}, granted_at=utc_now(), expires_at=None, wording="sample"
        )
        encode = _mixing(embedder) if quick or count > _MOST_EMBEDDED else embedder.encode
        told: list[tuple[Story, int]] = []
        for story in _enough(count):
            if story.id in there:
                continue
            told.append((story, store.add_sample(story, consent, "bench")))
            if len(told) == _BATCH:
                _embed(store, scheme, encode, told)
                told = []
        _embed(store, scheme, encode, told)
        if not quick:
            Finder(store, embedder).build()  # the groups, and what was broken off
        store.scrub()
        changes = store.changes(0, scheme)
        seen = store.visible([s.story_id for s in changes.stories], Purpose.SURFACE)
        lines, rows = [], []
        for held in changes.stories:
            story = seen[held.story_id].story
            for id, row in zip(held.passage_ids, held.vectors, strict=True):
                if (span := seen[story.id].passages[id]) is not None:
                    fact = {"id": id, "story": story.id, "text": span.of(story), "language": story.language}
                    lines.append(json.dumps(fact) + "\n")
                    rows.append(row)
    finally:
        store.close()
    (folder / "passages.jsonl").write_text("".join(lines), encoding="utf-8")
    np.save(folder / "vectors.npy", np.asarray(rows, dtype=np.float32))


def _embed(store: Store, scheme: str, encode: Encode, told: Sequence[tuple[Story, int]]) -> None:
    cuts = [passages.cut(story) for story, _ in told]
    vectors = encode(
        [
            text
            for (story, _), spans in zip(told, cuts, strict=True)
            for text in (passages.whole(story), *(s.of(story) for s in spans))
        ]
    )
    start = 0
    for (story, revision), spans in zip(told, cuts, strict=True):
        end = start + 1 + len(spans)
        store.put_passages(story.id, revision, scheme, rows_of(story, spans, vectors[start:end]))
        start = end


def _enough(count: int) -> Iterator[Story]:
    n = made = 0
    chance = random.Random(7)
    samples = sorted(read_stories().good, key=lambda story: story.id)
    of_part: dict[Part, list[str]] = {}
    for story in samples:
        for given in story.parts:
            of_part.setdefault(given.part, []).extend(sentences(given.text))
    while made < count:
        story = _recombined(samples[n % len(samples)], of_part, n, chance)
        made += len(passages.cut(story))
        n += 1
        yield story


def _recombined(sample: Story, of_part: dict[Part, list[str]], n: int, chance: random.Random) -> Story:
    parts = []
    for given in sample.parts:
        own = sentences(given.text)
        chance.shuffle(own)
        mixed = [chance.choice(of_part[given.part]) if chance.random() < _EXCHANGED else one for one in own]
        parts.append(PartText(part=given.part, text=" ".join(mixed)))
    changed = {"id": f"{_MADE}{n}", "title": f"Made {n}", "narrator": "Nobody", "parts": tuple(parts)}
    return sample.model_copy(update={**changed, "language": FILTERED if n % 10 == 0 else "en"})


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [text[start:end] for start, end in passages.sentences(text)]


def _mixing(embedder: Embedder) -> Encode:
    """Vectors that lie as densely as real ones, whatever the words: mixtures of three sentences of the samples."""
    from index.bench.nearest import mixed

    told = [one for story in read_stories().good for given in story.parts for one in sentences(given.text)]
    some = embedder.encode(random.Random(3).sample(told, _SENTENCES))
    chance = np.random.default_rng(0)
    return lambda texts: mixed(some, len(texts), chance)


def messages(embedder: Any, tokens: int, count: int) -> list[str]:
    """So many different messages of about so many tokens: sentences of the sample stories, cut off at a word."""
    chance = random.Random(tokens)
    told = [s for story in read_stories().good for given in story.parts for s in sentences(given.text)]
    found: list[str] = []
    while len(found) < count:
        at = chance.randrange(len(told) - 40)
        words = " ".join(told[at : at + 40]).split()
        taken = 1
        while embedder._windows(" ".join(words[: taken + 1]))[0][1] + 2 <= tokens and taken < len(words):
            taken += 1
        found.append(" ".join(words[:taken]))
    return found
