"""Telling which theme was looked for and not found: a theme and a week, nothing that anybody typed."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from browser import fakes

from assistant.counts import Counts
from assistant.pages.missing import GROUPS, groups
from assistant.words import say
from corpus import vocabulary
from corpus.errors import DatabaseBusy
from corpus.store import Store, open_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('missing')}/journey.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(store: Store) -> Any:
    from assistant.pages import build

    return build(fakes.parts(store), fakes.settings(), writes=(1000, 1000))


def send(app: Any, method: str, path: str = "/missing", **data: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            head = {"origin": "http://127.0.0.1", "accept-language": "en-GB"}
            return await client.request(method, path, headers=head, data=data or None)

    return asyncio.run(once())


def counted(store: Store) -> list[tuple[Any, ...]]:
    with sqlite3.connect(store.path) as c:  # type: ignore[attr-defined]
        return sorted(c.execute("select theme, count from missing").fetchall())


def test_every_theme_stands_on_the_page_once(app: Any) -> None:
    listed = [theme for _, themes in groups("en") for theme, _ in themes]
    assert sorted(listed) == sorted(vocabulary.ids("themes"))
    assert "other" not in dict(groups("en")), "a new theme is waiting for its group"
    assert {theme for group in GROUPS.values() for theme in group} <= set(vocabulary.ids("themes"))
    page = send(app, "GET").text
    for theme in vocabulary.ids("themes"):
        assert page.count(f'type="radio" name="theme" value="{theme}"') == 1
    assert page.count("<legend>") == len(GROUPS) + 1
    assert 'type="text"' not in page.split("<main")[1]
    assert "<textarea" not in page
    assert 'href="tel:999"' in page


def test_a_theme_is_counted_and_nothing_else(app: Any, store: Store) -> None:
    before = dict(counted(store))
    page = send(app, "POST", theme="gambling", text="my own words", country="GB")
    assert page.status_code == 200
    assert say("page.missing.thanks") in page.text
    assert dict(counted(store)) == {**before, "gambling": before.get("gambling", 0) + 1}
    with sqlite3.connect(store.path) as c:  # type: ignore[attr-defined]
        assert "my own words" not in "\n".join(c.iterdump())


@pytest.mark.parametrize(
    "theme", [None, "", "nonsense", "grief'--", "<script>x</script>", "\x00", "\udce9", "grief\x00"]
)
def test_anything_but_a_theme_is_refused_kindly(app: Any, store: Store, theme: str | None) -> None:
    before = counted(store)
    given = {} if theme is None else {"theme": theme.encode("utf-8", "surrogatepass")}
    page = send(app, "POST", **(given or {"other": "x"}))
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert 'href="#sj-theme-first"' in page.text
    assert page.text.count('id="sj-theme-first"') == 1
    assert 'aria-invalid="true"' in page.text
    assert "<script>x" not in page.text
    assert counted(store) == before


def test_more_fields_than_the_page_has_are_no_error_of_ours(app: Any) -> None:
    assert send(app, "POST", **{f"f{n}": "x" for n in range(60)}).status_code == 400


def test_a_busy_database_keeps_the_choice(app: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_theme: str) -> None:
        raise DatabaseBusy("busy")

    monkeypatch.setattr(store, "count_missing", busy)
    page = send(app, "POST", theme="grief")
    assert page.status_code == 503
    assert 'value="grief" checked' in page.text.replace(' aria-invalid="true"', "")

    def broken(_theme: str) -> None:
        raise ValueError("quotes grief")

    monkeypatch.setattr(store, "count_missing", broken)
    assert send(app, "POST", theme="grief").status_code == 500


def test_where_nothing_is_counted_nothing_is_offered(app: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.state.room, "counts", Counts(store, enabled=False))
    before = counted(store)
    page = send(app, "GET")
    assert page.status_code == 200
    assert say("page.missing.off") in page.text
    assert "<form" not in page.text.split("<main")[1]
    assert send(app, "POST", theme="grief").status_code == 404
    assert counted(store) == before
    assert "/missing" not in send(app, "POST", "/ask", text="hello").text
    assert "/felt" not in send(app, "POST", "/story", id="one").text
    assert send(app, "POST", "/felt", id="one", felt="heavier").status_code == 404


def test_without_scripts_an_answer_counts_and_leads_here(
    app: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []
    counts = Counts(store)
    monkeypatch.setattr(app.state.room, "counts", counts)
    monkeypatch.setattr(counts, "read", lambda id: seen.append(("read", id)))
    monkeypatch.setattr(counts, "felt", lambda id, what: seen.append((what, id)))
    monkeypatch.setattr(counts, "shown", lambda ids: seen.extend(("shown", id) for id in ids))
    page = send(app, "POST", "/ask", text="hello", country="GB").text
    assert 'href="/missing?country=GB">' in page
    assert seen == [("shown", "one"), ("shown", "two"), ("shown", "three")]
    seen.clear()
    story = send(app, "POST", "/story", id="one", country="GB").text
    assert 'action="/felt"' in story
    assert re.findall(r'name="felt" value="(\w+)"', story) == ["less_alone", "more_hopeful", "heavier", "no_change"]
    assert "data-read" not in story
    assert seen == [("read", "one")]
    thanks = send(app, "POST", "/felt", id="one", felt="heavier", country="GB")
    assert say("page.reading.felt_thanks") in thanks.text
    assert "sj-landing" in thanks.text
    assert seen[1:] == [("heavier", "one")]
    for what in ("", "shown", "read", "<b>"):
        assert send(app, "POST", "/felt", id="one", felt=what).status_code == 404
    app.state.room.turns.gone.add("one")
    assert send(app, "POST", "/felt", id="one", felt="heavier").status_code == 404
    assert send(app, "POST", "/story", id="one").status_code == 404
    app.state.room.turns.gone.clear()
    assert len(seen) == 2
