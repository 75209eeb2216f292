"""Telling that something about a group is wrong: a reason and a day, counted, and nothing about whoever told it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser import fakes
from conftest import make_group

from assistant.pages import build, group_wrong
from assistant.words import say
from corpus.custody import Wrong
from corpus.errors import DatabaseBusy
from corpus.store import Store, open_store

DOUBT = say("page.group.doubted")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/journey.db")
    opened.put_group(make_group("kettle", name="Night Kettle"), "test")
    opened.put_group(make_group("hidden", name="CANARYhidden", status="unlisted"), "test")
    yield opened
    opened.close()


@pytest.fixture
def app(store: Store) -> Any:
    return build(fakes.parts(store), fakes.settings(contact="desk@program.example"), writes=(10_000, 10_000))


def send(app: Any, method: str, path: str, data: Any = None, caller: str = "10.0.0.1", **more: str) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(caller, 9))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            head = {"origin": "http://127.0.0.1", "accept-language": "en-GB", **more}
            return await client.request(method, path, headers=head, data=data)

    return asyncio.run(once())


def tell(app: Any, reason: str, caller: str = "10.0.0.1", id: str = "kettle") -> httpx.Response:
    return send(app, "POST", f"/groups/{id}/wrong", {"reason": reason}, caller)


def counted(store: Store) -> dict[Wrong, int]:
    told = store.told_wrong().get("kettle")
    return dict(told.counts) if told else {}


def test_the_page_offers_reasons_and_no_place_for_words(app: Any) -> None:
    page = send(app, "GET", "/groups/kettle/wrong")
    assert page.status_code == 200
    form = page.text.split('action="/groups/kettle/wrong"')[1].split("</form>")[0]
    assert form.count('type="radio"') == len(Wrong)
    assert "<textarea" not in form
    assert 'type="text"' not in form
    assert " checked" not in form
    assert "<legend>" in form
    assert say("page.groups.wrong.no_words") in form
    assert "desk@program.example" in form
    assert "<script" not in form
    for reason in Wrong:
        assert say(f"page.groups.wrong.reason.{reason}") in form


def test_a_telling_is_a_count_of_a_reason_and_a_day_and_nothing_else(app: Any, tmp_path: Path) -> None:
    page = tell(app, "gone")
    assert page.status_code == 200
    assert say("page.groups.wrong.thanks_title") in page.text
    assert "set-cookie" not in page.headers
    with sqlite3.connect(f"file:{tmp_path}/journey.db?mode=ro", uri=True) as bare:
        rows = bare.execute("SELECT * FROM group_wrong").fetchall()
    today = rows[0][2]
    assert rows == [("kettle", "gone", today, 1)]
    assert len(today) == 10


def test_nothing_ticked_and_what_is_no_reason(app: Any, store: Store) -> None:
    for data in ({}, {"reason": "CANARY"}, {"reason": ""}):
        page = send(app, "POST", "/groups/kettle/wrong", data)
        assert page.status_code == 400
        assert 'role="alert"' in page.text
        assert "CANARY" not in page.text
    assert counted(store) == {}


def test_of_one_group_a_network_counts_once_a_day_and_hears_no_difference(app: Any, store: Store) -> None:
    first, again = tell(app, "gone"), tell(app, "unsafe")
    assert first.text == again.text
    assert counted(store) == {Wrong.GONE: 1}
    tell(app, "unsafe", "10.0.0.2")
    assert counted(store) == {Wrong.GONE: 1, Wrong.UNSAFE: 1}


def test_a_lot_from_one_network_is_put_off_and_the_choice_is_kept(app: Any, store: Store) -> None:
    most = group_wrong.TOLD[0]
    for n in range(most + 1):
        store.put_group(make_group(f"g{n}"), "test")
    codes = [tell(app, "time", id=f"g{n}").status_code for n in range(most)]
    assert set(codes) == {200}
    page = tell(app, "link", id=f"g{most}")
    assert page.status_code == 429
    assert 'value="link" checked' in page.text
    assert tell(app, "time", "10.0.0.2", f"g{most}").status_code == 200


def test_a_busy_database_keeps_the_choice_and_it_can_be_sent_again(
    app: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> bool:
        raise DatabaseBusy("busy")

    with monkeypatch.context() as patch:
        patch.setattr(store, "tell_wrong", busy)
        page = tell(app, "place")
    assert page.status_code == 503
    assert 'value="place" checked' in page.text
    assert tell(app, "place").status_code == 200
    assert counted(store) == {Wrong.PLACE: 1}


@pytest.mark.parametrize("id", ["hidden", "none"])
def test_a_group_that_readers_do_not_see_is_not_there(app: Any, store: Store, id: str) -> None:
    for page in (send(app, "GET", f"/groups/{id}/wrong"), tell(app, "gone", id=id)):
        assert page.status_code == 404
        assert "CANARY" not in page.text
    assert store.told_wrong() == {}


def test_another_page_cannot_send_it(app: Any, store: Store) -> None:
    page = send(app, "POST", "/groups/kettle/wrong", {"reason": "gone"}, origin="https://evil.example")
    assert page.status_code == 403
    assert counted(store) == {}


def test_its_address_holds_the_id_alone(app: Any) -> None:
    page = send(app, "GET", "/groups/kettle/wrong?from=CANARY")
    assert (page.status_code, page.headers["location"]) == (303, "/groups/kettle/wrong")


def test_the_way_there_stands_beside_each_group(app: Any) -> None:
    for path in ("/groups", "/groups/kettle"):
        assert 'href="/groups/kettle/wrong"' in send(app, "GET", path).text
    talk = send(app, "POST", "/ask", {"text": "hello"}).text
    assert 'href="/groups/g1/wrong"' in talk


def test_three_networks_put_a_group_in_doubt_and_it_stays_in_the_list(app: Any, store: Store) -> None:
    for n, reason in enumerate(("gone", "unsafe", "gone")):
        assert DOUBT not in send(app, "GET", "/groups").text
        tell(app, reason, f"10.0.1.{n}")
    for path in ("/groups", "/groups/kettle"):
        page = send(app, "GET", path).text
        assert DOUBT in page
        assert "Night Kettle" in page
    store.settle_wrong("kettle", "cleo")
    assert DOUBT not in send(app, "GET", "/groups").text
