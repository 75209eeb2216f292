"""The desk's coverage page: its figures are those of the report, each plot has its table, and nothing below the floor."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import httpx
import pytest
from browser import fakes
from conftest import Clock, make_story, publish, reviewers

from assistant.pages.desk import access
from assistant.pages.desk.coverage import WIDTH, bars
from corpus.custody import Counted, Noticed
from corpus.store import Store


def look(store: Store, clock: Clock, name: str | None = "rita", **options: object) -> httpx.Response:
    from assistant.pages import build

    cookies = {}
    if name:
        store.open_session(name, access.digest("token"), "key", clock() + timedelta(hours=1))
        cookies = {"sj-desk": "token"}
    app = build(fakes.parts(store), fakes.settings(**options), writes=(1000, 1000))

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860", cookies=cookies) as at:
            return await at.get("/desk/coverage")

    return asyncio.run(run())


def test_the_figures_are_those_of_the_collection(store: Store, clock: Clock) -> None:
    reviewers(store)
    for n in range(6):
        story = make_story(
            f"s{n}", themes=("grief", "work") if n else ("grief",), stage="finding_my_way", title=f"Secret {n}"
        )
        publish(store, story)
        store.count({(f"s{n}", Counted.SHOWN): 3 + n})
    store.count(
        {
            ("s5", Counted.MORE_HOPEFUL): 6,
            ("s5", Counted.HEAVIER): 5,
            ("s5", Counted.NO_CHANGE): 4,
            ("s5", Counted.TOO_ROSY): 7,
        }
    )
    for _ in range(7):
        store.count_missing("gambling")
    for _ in range(4):
        store.count_missing("panic")
    store.count_care({Noticed.DOOR_CALL: 6, Noticed.EMERGENCY: 2})
    page = look(store, clock)
    assert page.status_code == 200
    assert re.search(r"<td>A number to call was pressed</td><td>6</td>", page.text)
    assert "happening now" not in page.text
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td>(\d+)</td></tr>', page.text)
    assert ("Grief", "6") in rows
    assert ("Work and burnout", "5") in rows
    assert ("Finding my way", "6") in rows
    assert re.search(r"<td>Gambling</td><td>7</td>", page.text)
    assert "<td>Panic</td>" not in page.text
    assert "fewer than 5" in page.text
    few = "<td>fewer than 5</td>"
    assert (
        f'"/desk/story/s5">s5</a></th><td>8</td>{few}{few}<td>6</td><td>5</td>{few}{few}{few}<td>7</td>{few}</tr>'
        in page.text
    )
    for column in ("Less alone", "A bit more hopeful", "Heavier", "No change", "Put aside: too heavy"):
        assert f'<th scope="col">{column}</th>' in page.text
    assert "<svg" in page.text
    assert page.text.count('aria-hidden="true"') >= 4
    assert "Secret" not in page.text
    assert "style=" not in page.text.split("<main", 1)[1]


def test_an_empty_collection_and_one_that_does_not_count(store: Store, clock: Clock) -> None:
    reviewers(store)
    page = look(store, clock, counts=False)
    assert page.status_code == 200
    assert "does not count" in page.text
    assert "<svg" not in page.text


def test_nobody_sees_it_without_signing_in(store: Store, clock: Clock) -> None:
    assert look(store, clock, None).status_code == 303


@pytest.mark.parametrize("counts", [{"a": 0, "b": 0}, {"a": 4, "b": 1}])
def test_the_longest_bar_is_the_width_and_none_is_no_bar(counts: dict[str, int]) -> None:
    drawn = bars({"a": "A", "b": "B"}, counts)
    assert [bar.count for bar in drawn] == list(counts.values())
    assert max(bar.length for bar in drawn) == (WIDTH if any(counts.values()) else 0)
    assert drawn[1].length == (WIDTH / 4 if counts["b"] else 0)
