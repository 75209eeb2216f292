"""What helped, by kind of toolkit."""

from __future__ import annotations

import pytest

from assistant.words import say
from corpus.samples.read import read_stories
from corpus.types import Part, Span
from index import passages
from index.choose import Turns
from index.toolkit import OTHER, Helped, kinds, side_by_side, told
from tests.conftest import make_story


@pytest.mark.parametrize(
    ("passage", "pathways", "first"),
    [
        ("Swimming, every week, in the cold pool.", (), "movement"),
        ("The tablets took a month, and then I slept.", (), "medication"),
        ("My neighbour came by with soup.", (), "people"),
        ("I knit. My sister pulls the wool off the sleeves.", (), "making"),
        ("The dog has to be fed whatever I feel.", (), "animals"),
        ("I prayed, badly, in the car.", (), "faith"),
        ("It was quiet there.", (), None),
        ("I went to sit with the breath.", (), None),
        ("I went to sit with the breath.", ("movement",), "movement"),
    ],
)
def test_a_passage_is_of_the_kinds_that_its_words_say(
    passage: str, pathways: tuple[str, ...], first: str | None
) -> None:
    found = told(passage, pathways)
    assert len(found) <= 2
    assert (found[0] if found else None) == first


def test_every_kind_has_a_name_and_is_told_of_in_the_samples() -> None:
    assert len(kinds()) == 13
    found = set()
    for story in read_stories().good:
        for span in passages.cut(story):
            if span.part is Part.HELPED:
                found |= set(told(span.of(story), story.pathways))
    assert found == set(kinds())
    for kind in (*kinds(), OTHER):
        assert say(f"card.kind.{kind}", "en")


def helped(id: str, nearness: float, *of: str) -> Helped:
    number = int(id[1:])
    return Helped(make_story(id), number, Span(part=Part.HELPED, start=0, end=1), nearness, of)


def test_passages_stand_by_kind_and_nobody_twice() -> None:
    given = [
        helped("s1", 0.9, "people"),
        helped("s2", 0.8, "people"),
        helped("s3", 0.7, "people"),
        helped("s4", 0.6, "people", "faith"),
        helped("s1", 0.5, "nature"),
        helped("s5", 0.4, "nature"),
        helped("s6", 0.3, "animals"),
    ]
    found = {kind: [p.story.id for p in some] for kind, some in side_by_side(given)}
    assert found == {"people": ["s1", "s2"], "faith": ["s4"], "nature": ["s5"]}
    found = {kind: [p.story.id for p in some] for kind, some in side_by_side(given, first=("s6",))}
    assert found["animals"] == ["s6"]
    assert side_by_side([]) == []


def test_no_kind_stands_first_for_ever() -> None:
    given = [helped("s1", 0.9, "people"), helped("s2", 0.8, "faith"), helped("s3", 0.7, "medication")]
    firsts = {side_by_side(given, Turns("seed", day))[0][0] for day in range(60)}
    assert firsts == {"people", "faith", "medication"}
