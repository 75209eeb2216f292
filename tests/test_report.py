"""The coverage report counts what people told, never samples, and tells nothing below the floor."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from corpus import report
from corpus.custody import Counted, Wrong
from corpus.store import Store
from tests.conftest import START, Clock, make_consent, make_group, make_story, publish, take_in


def test_it_counts_published_stories_of_people(store: Store, clock: Clock) -> None:
    publish(store, make_story("a", themes=("grief", "work"), stage="finding_my_way", context=("parent",)))
    publish(store, make_story("b", themes=("grief",), language="es"), make_consent(days=10))
    store.add_sample(make_story("s", themes=("gambling",), provenance="sample"), make_consent(), "t")
    take_in(store, make_story("w", themes=("voices",)))
    clock.forward(days=3)
    found = report.coverage(store, clock())
    assert (found.stories, found.waiting, found.oldest_days, found.due) == (2, 1, 3, 1)
    assert (found.themes["grief"], found.themes["work"], found.themes["gambling"], found.themes["voices"]) == (
        2,
        1,
        0,
        0,
    )
    assert "gambling" in found.untold
    assert found.stages == {"in_the_middle": 0, "finding_my_way": 1, "further_along": 0, report.UNTOLD: 1}
    assert (found.contexts["parent"], found.contexts[report.UNTOLD]) == (1, 1)
    assert found.languages == {"en": 1, "es": 1}
    assert found.theme_by_stage["grief"] == {
        "in_the_middle": 0,
        "finding_my_way": 1,
        "further_along": 0,
        report.UNTOLD: 1,
    }
    assert found.never_shown == ("a", "b")
    assert json.loads(json.dumps(found.as_json()))["themes"]["grief"] == 2


def test_groups_that_are_told_to_be_wrong_are_counted_until_somebody_looked(store: Store) -> None:
    store.put_group(make_group(), "test")
    store.tell_wrong("tea", Wrong.TIME)
    store.tell_wrong("tea", Wrong.GONE)
    found = report.coverage(store)
    assert found.wrong == {"tea": 2}
    assert "nobody looked yet (1)\n  tea: 2" in report.as_text(found)
    store.settle_wrong("tea", "cleo")
    assert "nobody looked yet (0)\n  -" in report.as_text(report.coverage(store))


def test_counts_below_the_floor_are_words(store: Store) -> None:
    for n in range(5):
        publish(store, make_story(f"s{n}"))
        store.count({(f"s{n}", Counted.SHOWN): 10 * n, (f"s{n}", Counted.READ): 4})
    found = report.coverage(store)
    assert found.exposure["s1"].shown == 10
    assert found.exposure["s1"].read is None
    assert found.gini == 0.4
    text = report.as_text(found)
    assert "s1: 10" + ", fewer than 5" * 5 in text
    assert "Title" not in text


@pytest.mark.parametrize(
    ("counts", "gini"),
    [
        ([1, 1, 1, 1, 1], 0.0),
        ([0, 0, 0, 0, 10], 0.8),
        ([1, 2, 3, 4, 5], 0.267),
        ([1, 1], None),
        ([0] * 9, None),
        ([], None),
    ],
)
def test_gini(counts: list[int], gini: float | None) -> None:
    assert report.gini(counts) == gini


def test_an_empty_collection_has_a_report(store: Store) -> None:
    found = report.coverage(store, START + timedelta(days=1))
    assert (found.stories, found.oldest_days, found.gini) == (0, None, None)
    assert "0 published" in report.as_text(found)
