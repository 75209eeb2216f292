"""The labelled set, and that docs/evaluation.md says what was measured."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from corpus import vocabulary
from index.evaluation import groups
from index.evaluation.document import DOCS, document, main
from index.evaluation.samples import labelled
from index.evaluation.task import leaks
from index.pipelines import DEFAULT, PIPELINES

TASK = labelled()
FEELINGS = set(
    "afraid ashamed angry sad numb lonely guilty worn_out hopeless confused jealous trapped hurt relieved hopeful proud "
    "homesick overwhelmed rejected betrayed restless grateful worthless bitter".split()
)


def test_there_are_three_hundred_shares_of_every_kind() -> None:
    assert len(TASK.queries) == 300
    kinds = Counter(q.facts["kind"] for q in TASK.queries)
    assert set(kinds) == {"plain", "short", "long", "typos", "slang", "indirect", "turns", "no_match"}
    assert min(kinds.values()) >= 15
    themes = Counter(theme for q in TASK.queries for theme in q.facts["themes"])
    assert set(themes) == set(vocabulary.ids("themes"))
    assert len({q.text for q in TASK.queries}) == 300


@pytest.mark.parametrize("q", TASK.queries, ids=lambda q: q.id)
def test_a_share_is_as_it_says(q) -> None:  # type: ignore[no-untyped-def]
    assert set(q.facts["feelings"]) <= FEELINGS
    assert not vocabulary.unknown("themes", tuple(q.facts["themes"]))
    assert not vocabulary.unknown("stages", (q.facts["stage"],))
    words = len(" ".join(q.turns).split())
    assert (len(q.turns) > 1) == (q.facts["kind"] == "turns")
    if q.facts["kind"] == "short":
        assert words <= 10
    if q.facts["kind"] == "long":
        assert 80 <= words <= 220
    assert bool(q.facts["themes"]) == (q.facts["kind"] != "no_match")


def test_most_shares_have_an_answer_and_those_of_no_kind_have_none() -> None:
    for q in TASK.unanswerable():
        assert q.facts["kind"] == "no_match", q.id
    assert len(TASK.answerable()) == 260
    grades = Counter(grade for q in TASK.queries for grade in TASK.judgments[q.id].values())
    assert set(grades) == {0, 1, 2, 3}
    assert grades[3] >= 150


def test_the_set_does_not_leak_and_tells_no_method() -> None:
    assert leaks(TASK) == ()
    for q in TASK.queries:
        assert not re.search(r"noose|hanged|razor|blade|tablets at once|overdosed on", q.text), q.id


def test_the_page_is_made_of_the_published_figures() -> None:
    records = json.loads((DOCS / "evaluation.json").read_text(encoding="utf-8"))
    assert (DOCS / "evaluation.md").read_text(encoding="utf-8") == document(records)
    assert "samples" in records
    suggested = records.pop(groups.NAME)
    assert set(suggested["pipelines"]) == set(groups.WAYS)
    assert all(c["difference"]["lo"] > 0 for c in suggested["comparisons"])
    for record in records.values():
        assert set(record["pipelines"]) == set(PIPELINES)
        assert record["default"] == DEFAULT
        assert "per_query" not in record
        for compared in record["comparisons"]:
            assert compared["difference"]["hi"] >= 0, compared  # nothing is clearly better than the default
        mean = {name: figures["ndcg@10"]["mean"] for name, figures in record["pipelines"].items()}
        assert all(mean[DEFAULT] > mean[other] for other in ("first", "dense", "whole", "bm25", "ranks", "zscores"))


def test_a_missing_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
