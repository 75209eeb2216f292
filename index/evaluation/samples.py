"""The labelled set that comes with the samples: shares written for it, and judgments made before any pipeline saw
them."""

from __future__ import annotations

from pathlib import Path

import corpus.samples
from corpus.samples.read import read_stories
from index.evaluation.task import Task, asked_of, judgments_of

FOLDER = Path(corpus.samples.__file__).parent / "labelled"


def labelled() -> Task:
    """The sample stories, the shares of `corpus/samples/labelled/shares.jsonl` and their judgments.

    Shares without any judged story were judged too: nothing answers them.
    """
    documents = {story.id: story for story in read_stories().good}
    asked = asked_of(FOLDER / "shares.jsonl")
    judgments = judgments_of(FOLDER / "judgments.tsv", asked, documents)
    return Task("samples", documents, tuple(asked.values()), {id: judgments.get(id, {}) for id in asked})
