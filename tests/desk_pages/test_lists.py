"""Forms of the desk, the queue and the calendar."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from conftest import ROLES, START, Clock, make_consent, make_story, publish, take_in

from assistant.pages.desk import due, frame, lists
from corpus.custody import QueueRow, Role
from corpus.store import Store
from corpus.types import Provenance, Purpose, State
from desk_pages.conftest import MakeApp, filled, signed_in, story

# --- forms ------------------------------------------------------------------------------------------------------------

TYPED = "Words that took a while to write, with <b>marks</b> in them."


@pytest.mark.parametrize("key", ["", "wrong", None, "ключ", "\x00", "other"])
def test_a_form_without_its_key_does_nothing(make: MakeApp, store: Store, key: str | None) -> None:
    one, other = signed_in(make, "cleo"), signed_in(make, "cleo")
    fields = {"purpose": "surface", "format": "csv", "note": TYPED}
    if key is not None:
        fields["form_key"] = other.key() if key == "other" else key
    before = store.audit(100)
    for path in ("/desk/export", "/desk/sign-out"):
        answer = one.post(path, fields)
        assert answer.status_code == 403
        assert "Words that took a while to write, with &lt;b&gt;marks" in answer.text
    assert store.audit(100) == before
    assert one.get("/desk").status_code == 200


def test_too_many_fields_are_refused(make: MakeApp) -> None:
    one = signed_in(make, "cleo")
    body = f"form_key={one.key()}&" + "&".join(f"a{n}=1" for n in range(2000))
    assert one.post("/desk/export", body).status_code == 403
    assert one.post("/desk/sign-in", body).status_code == 422


def test_what_was_typed_is_not_lost_with_the_session(make: MakeApp, clock: Clock) -> None:
    one = signed_in(make, "cleo")
    key = one.key()
    clock.forward(minutes=31)
    answer = one.post("/desk/export", {"form_key": key, "note": TYPED, "password": TYPED + " secret"})
    assert answer.status_code == 401
    assert "Words that took a while to write, with &lt;b&gt;marks" in answer.text
    assert key not in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/desk/people", "/desk/audit", "/desk/export"])
def test_what_is_for_leads_is_for_leads(make: MakeApp, path: str) -> None:
    for name, role in ROLES.items():
        one = signed_in(make, name)
        answer = one.get(path)
        assert answer.status_code == (200 if role is Role.LEAD else 403), name
        assert (f'href="{path}"' in one.get("/desk").text) is (role is Role.LEAD)


# --- the queue --------------------------------------------------------------------------------------------------------


def ids_in(page: httpx.Response) -> list[str]:
    return re.findall(r'<th scope="row" role="rowheader">(?:<a [^>]*>)?([^<]+)<', page.text)


def test_an_empty_queue_says_how_stories_come_in(make: MakeApp) -> None:
    page = signed_in(make, "ann").get("/desk")
    assert "There is no story here yet" in page.text
    assert 'href="/share"' in page.text


def test_the_queue_shows_every_story_and_none_of_its_words(make: MakeApp, store: Store, clock: Clock) -> None:
    filled(store, clock)
    for name in ROLES:
        one = signed_in(make, name)
        for path in (
            "/desk",
            "/desk/calendar",
            "/desk?state=published",
            *(("/desk/audit", "/desk/people") if name == "cleo" else ()),
        ):
            page = one.get(path)
            assert page.status_code == 200
            for words in ("sentence of the narrator", "Nar Rator", "onerror", "Is this yours"):
                assert words not in page.text
    page = signed_in(make, "ben").get("/desk")
    assert ids_in(page) == [row.id for row in store.queue()]
    assert "came in 3 days ago" in page.text
    assert "Reviews (0 of 2 so far)" in page.text
    assert "Another review (1 of 2 so far)" in page.text
    assert "answer" in page.text
    assert "Grief" in page.text or "grief" in page.text
    assert "Welsh" in page.text


def test_until_when_a_story_cools_off_is_said(make: MakeApp, store: Store) -> None:
    take_in(store, story("s-cooling"), cools_until=START + timedelta(hours=72))
    assert "until 4 November 2026, 12:00 UTC" in signed_in(make, "ann").get("/desk").text


def test_what_a_story_waits_for_is_what_the_store_says(store: Store, clock: Clock) -> None:
    """The words of the list come from the row; the rule is the store's. Both agree about each story at each time."""
    filled(store, clock)
    same = {
        "reviewers": {"first", "second"},
        "cooling": {"cooling"},
        "question": {"narrator"},
        "proposal": {"narrator"},
    }
    alone = {State.PUBLISHED: set(), State.HELD: {"confirm"}, State.PAUSED: {"paused"}}

    def agree() -> None:
        for row in store.queue():
            mine = {what.value for what in due.waits(row, clock.now)}
            theirs = {what.value for what in store.waits_for(row.id)}
            if row.state is not State.PENDING:
                assert "state" in theirs
                assert mine == alone[row.state]
            elif "consent" in theirs:
                assert mine == {"consent"}
            elif not theirs:
                assert mine == {"soon"}
            else:
                assert all(mine & same[name] for name in theirs), (row.id, mine, theirs)
                assert mine <= {word for name in theirs for word in same[name]}, (row.id, mine, theirs)

    clock.now = START
    agree()
    clock.now = START + timedelta(hours=72)
    agree()
    store.propose(make_story("s-first"), "ann", 1, "why")
    store.unpublish("s-shown", "ben")
    agree()
    store.drop_proposal("s-first", "narrator")
    agree()
    clock.now = START + timedelta(days=365)
    agree()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=held", {"s-held"}),
        ("state=published", {"s-shown"}),
        ("theme=work", {"s-shown"}),
        ("theme=sleep", {"s-first"}),
        ("language=cy", {"s-second"}),
        ("due=second", {"s-second"}),
        ("due=narrator", {"s-asked"}),
        ("due=confirm", {"s-held"}),
        ("due=paused", {"s-paused"}),
        ("due=consent", {"s-quote"}),
        ("due=soon", {"s-cooling"}),
        ("mine=1", {"s-first", "s-second", "s-asked"}),
        ("mine=1&language=cy", {"s-second"}),
        ("theme=work&state=held", set()),
        ("", {"s-first", "s-second", "s-cooling", "s-asked", "s-held", "s-shown", "s-paused", "s-quote"}),
    ],
)
def test_filters(make: MakeApp, store: Store, clock: Clock, query: str, found: set[str]) -> None:
    filled(store, clock)
    page = signed_in(make, "ben").get(f"/desk?{query}")
    assert page.status_code == 200
    assert set(ids_in(page)) == found
    assert ("No story fits" in page.text) is (not found)


def test_waiting_for_me_is_what_i_have_not_approved(make: MakeApp, store: Store, clock: Clock) -> None:
    filled(store, clock)
    assert "s-second" not in ids_in(signed_in(make, "ann").get("/desk?mine=1"))
    assert "You approved it" in signed_in(make, "ann").get("/desk?due=second").text


@pytest.mark.parametrize(
    "query", ["state=gone", "theme=<b>", "language=xx", "due=%00", "mine=2", "state=%ff%fe", "theme=" + "x" * 5000]
)
def test_a_filter_that_is_in_no_list_is_left_out_and_said(
    make: MakeApp, store: Store, clock: Clock, query: str
) -> None:
    filled(store, clock)
    page = signed_in(make, "ann").get(f"/desk?{query}")
    assert page.status_code == 400
    assert "not in the list" in page.text
    assert len(ids_in(page)) == 8
    assert "<b>" not in page.text


def test_a_long_queue_shows_the_oldest_and_says_how_many_more(
    make: MakeApp, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, clock)
    monkeypatch.setattr(lists, "SHOWN", 3)
    page = signed_in(make, "ann").get("/desk")
    assert ids_in(page) == [row.id for row in store.queue()][:3]
    assert "5 more stories fit" in page.text
    assert "more stories fit" not in signed_in(make, "ann").get("/desk?state=held").text


def test_who_may_open_what(make: MakeApp, store: Store, clock: Clock) -> None:
    filled(store, clock)

    def links(name: str) -> set[str]:
        page = signed_in(make, name).get("/desk")
        assert len(ids_in(page)) == 8
        return set(re.findall(r'href="/desk/story/([^"]+)"', page.text))

    every = {row.id for row in store.queue()}
    assert links("rita") == {"s-shown"}
    assert links("ann") == links("cleo") == every - {"s-held"}
    assert "Waiting for me" not in signed_in(make, "rita").get("/desk").text


def test_tiles_count_what_is_due(make: MakeApp, store: Store, clock: Clock) -> None:
    filled(store, clock)
    page = signed_in(make, "ben").get("/desk").text
    tiles = dict(re.findall(r'class="sj-tile[^"]*" href="/desk\?([^"]+)"[^>]*><strong>(\d+)</strong>', page))
    assert tiles["mine=1"] == "3"
    assert tiles["due=second"] == "1"
    assert tiles["due=paused"] == "1"
    for query, count in tiles.items():
        assert len(ids_in(signed_in(make, "ben").get(f"/desk?{query}"))) == int(count)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=3, hours=5), "3 days"), (timedelta(days=1), "1 day"), (timedelta(hours=23.9), "23 hours"),
        (timedelta(minutes=61), "1 hour"), (timedelta(minutes=2), "2 minutes"), (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=59), "less than a minute"), (timedelta(seconds=-5), "less than a minute"),
    ],
)  # fmt: skip
def test_how_long_ago(length: timedelta, words: str) -> None:
    assert frame.span(length) == words


# --- the calendar -----------------------------------------------------------------------------------------------------


def row(id: str, days: float) -> QueueRow:
    return QueueRow(
        id=id, state=State.PUBLISHED, provenance=Provenance.CONTRIBUTED, language="en", themes=(), contexts=(),
        stage=None, words=9, version=1, submitted_at=START, cools_until=START, purposes=frozenset({Purpose.SURFACE}),
        expires_at=START + timedelta(days=days), approved_by=(), asks_narrator=False,
    )  # fmt: skip


def test_endings_are_grouped_by_when() -> None:
    rows = [
        row("far", 400),
        row("soon", 1),
        row("later", 14.01),
        row("two", 14),
        row("over", 0),
        row("week", 6.9),
        row("same", 20),
    ]
    groups = due.endings(rows, START)
    assert [(g.within, g.month, [r.id for r in g.rows]) for g in groups] == [
        (None, None, ["over"]),
        (1, None, ["soon"]),
        (7, None, ["week"]),
        (14, None, ["two"]),
        (None, (2026, 11), ["later", "same"]),
        (None, (2027, 12), ["far"]),
    ]
    assert [g.within for g in due.endings([], START)] == [1, 7, 14]


def test_the_calendar_page(make: MakeApp, store: Store, clock: Clock) -> None:
    for id, days in (("s-over", 1), ("s-week", 7), ("s-year", 365)):
        publish(store, story(id), make_consent(days=days))
    clock.forward(days=1)
    page = signed_in(make, "ann").get("/desk/calendar").text
    assert "Over, waiting to be deleted" in page
    assert 'href="/desk/story/s-over"' not in page
    assert "Within 7 days" in page
    assert "November 2027" in page
    assert page.index("s-over") < page.index("s-week") < page.index("s-year")
    store.expire("job")
    assert "s-over" not in signed_in(make, "ann").get("/desk/calendar").text
