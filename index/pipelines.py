"""How stories are scored: the default, and others that stay runnable by name so that a change can be traced.

`python -m index evaluate --pipeline NAME` runs any of them; docs/evaluation.md compares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from corpus.errors import BadRecord

STAND_BACK = 0.0125  # of the default; docs/evaluation.md has what it brings and costs


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Weights of one way of scoring. All cosines are in [-1, 1].

    What a story says is `whole`·(cosine of the whole story) + (1 - `whole`)·(cosine of its best passage): people's
    words echo the whole as well as a part of it. To it `themes`·(cosine of what was said with the nearest of the
    narrator's themes) is added; a story without themes counts as near to them as it is itself. From it `prior`·(how
    close the story is to the rest of the collection) is taken away: a story that is near to everything would be shown
    to everybody (a hubness prior; Radovanović 2010). To it `words`·(BM25, in standard deviations over the collection)
    is added.

    stand_back: how much a story stands back for each e-fold that it was shown oftener when the collection was asked
    with our own ways of saying each theme (index/exposure.py).

    parts: instead of the best passage of all, the mean over the narrator's answers (what was going on, what it was
    like, what helped, where I am now) of each one's best passage: all of a story counts, and not its one nearest place.

    fusion: `sum` adds as above; `zscores` puts what the story says into standard deviations too; `ranks` is reciprocal
    rank fusion (Cormack 2009, k = 60) of the dense part and the words; `words` is BM25 alone.
    """

    name: str
    about: str
    whole: float = 0.5
    prior: float = 0.0
    words: float = 0.0
    themes: float = 0.0
    stand_back: float = 0.0
    parts: bool = False
    fusion: Literal["sum", "zscores", "ranks", "words"] = "sum"


PIPELINES: dict[str, Pipeline] = {
    pipeline.name: pipeline
    for pipeline in (
        Pipeline(
            "journey",
            "the default: whole story and best passage, less closeness to everything, words, themes",
            prior=0.40,
            words=0.025,
            themes=0.80,
            stand_back=STAND_BACK,
        ),
        Pipeline(
            "parts",
            "the default, with the best passage of each of the narrator's answers instead of the best of all",
            prior=0.40,
            words=0.025,
            themes=0.80,
            stand_back=STAND_BACK,
            parts=True,
        ),
        Pipeline(
            "no-themes", "the default without the narrators' themes", prior=0.40, words=0.025, stand_back=STAND_BACK
        ),
        Pipeline("no-prior", "the default without the hubness prior", words=0.025, themes=0.80, stand_back=STAND_BACK),
        Pipeline("no-words", "the default without words", prior=0.40, themes=0.80, stand_back=STAND_BACK),
        Pipeline(
            "no-stand-back",
            "the default, where nobody stands back for having been shown often",
            prior=0.40,
            words=0.025,
            themes=0.80,
        ),
        Pipeline("first", "what version 0.2 did: whole story and best passage, themes", themes=2 / 3),
        Pipeline("dense", "whole story and best passage"),
        Pipeline("whole", "the whole story's vector alone, as a vector store does it", whole=1.0),
        Pipeline("passage", "the best passage alone", whole=0.0),
        Pipeline("bm25", "words alone", words=1.0, fusion="words"),
        Pipeline("ranks", "reciprocal rank fusion of `dense` and `bm25`", words=1.0, fusion="ranks"),
        Pipeline("zscores", "0.7 of `dense` and 0.3 of `bm25`, in standard deviations", words=3 / 7, fusion="zscores"),
    )
}
DEFAULT = "journey"


def pipeline(name: str) -> Pipeline:
    """By name. BadRecord when there is none, with the names that there are."""
    try:
        return PIPELINES[name]
    except KeyError:
        raise BadRecord(f"There is no pipeline “{name}”. There are: {', '.join(PIPELINES)}.") from None
