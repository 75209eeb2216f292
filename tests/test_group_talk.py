"""Choosing groups in the conversation: by what is asked for in so many words, said back, undone, never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from assistant.conversation import Reply, Session
from assistant.group_wishes import MOST_CHIPS, NEXT, next_chips
from assistant.turn import Turn
from assistant.understand import understand
from assistant.voice import PlainVoice
from assistant.words import say
from corpus.custody import Wrong
from corpus.store import Store
from index.browse import Directory
from index.embed import WordEmbedder
from index.facets import Choice
from index.find import Finder
from tests.conftest import Clock, make_group
from tests.talking import SHARE, fill, said

TODAY = date(2026, 11, 20)
ABOUT = "Tea and the radio for people whose mother died. The house is quiet."
LEEDS = {"name": "Hall", "city": "Leeds", "country": "GB", "latitude": 53.8, "longitude": -1.55}
EVENING = {"days": ("TU",), "start": "19:00", "end": "20:00", "timezone": "Europe/London"}
MORNING = {**EVENING, "days": ("SA",), "start": "10:00", "end": "11:00"}
GROUPS: dict[str, dict[str, Any]] = {
    "a-hall": {"attendance": "in_person", "place": LEEDS, "schedules": (MORNING,), "cost": {"free": True, "text": ""}},
    "b-screen": {"attendance": "online", "schedules": (EVENING,), "audience": ("woman",), "openness": "closed"},
    "c-line": {"kind": "warmline", "attendance": "phone", "phone": "0000 000000", "languages": ("es", "en")},
    "d-late": {"attendance": "online", "schedules": (MORNING,), "access": ("Wheelchair access",)},
}


@pytest.fixture
def talk(store: Store) -> Turn:
    fill(store)
    for id, facts in GROUPS.items():
        store.put_group(make_group(id, **{"description": ABOUT, "checked_on": TODAY, **facts}), "t")
    directory = Directory(store, Clock())
    directory.refresh()
    finder = Finder(store, WordEmbedder(), floor=0.2, seed="test", today=lambda: TODAY)
    now = datetime.combine(TODAY, time(12), UTC)
    return Turn(store, finder, PlainVoice(), now=lambda: now, towns=directory.known_towns)


def ids(reply: Reply) -> list[str]:
    return [group.id for group in reply.groups]


def why(reply: Reply, id: str) -> str:
    (card,) = [group for group in reply.groups if group.id == id]
    return " ".join(card.why)


@pytest.fixture
def shared(talk: Turn) -> Session:
    return said(talk, SHARE)[0]


def test_what_was_asked_for_stands_first_and_every_card_says_how_it_fits(talk: Turn, shared: Session) -> None:
    session, reply = said(talk, "an online group in the evening", session=shared)
    assert reply.kind == "groups"
    assert ids(reply)[0] == "b-screen"
    assert session.groups_wanted == Choice(ways=frozenset({"online"}), times=frozenset({"evening"}))
    assert "As you asked: online, in the evening by its own clock." in why(reply, "b-screen")
    assert "You chose groups like this: online, in the evening; each card says how it fits." in reply.lead[-1]
    assert "“Any group is fine” undoes it" in reply.lead[-1]
    other = why(reply, next(id for id in ids(reply) if id != "b-screen"))
    assert "As you asked: online, in the evening" not in other
    assert "in the evening" in other, "what does not fit is shown, and its card says so"


@pytest.mark.parametrize(
    ("text", "first", "line"),
    [
        ("women's groups", "b-screen", "As you asked: for women."),
        ("a closed meeting", "b-screen", "As you asked: closed."),
        ("a warmline I can phone", "c-line", "As you asked: a warmline, by phone."),
        ("a group in Spanish", "c-line", "As you asked: in Spanish."),
        ("free groups", "a-hall", "As you asked: free."),
        ("a group on weekends in person", "a-hall", "As you asked: in person, on weekends."),
        ("a group with wheelchair access", "d-late", "As you asked: with wheelchair access."),
        ("a group near Leeds", "a-hall", "It meets in or near Leeds."),
    ],
)
def test_each_wish_brings_what_has_it(talk: Turn, shared: Session, text: str, first: str, line: str) -> None:
    _, reply = said(talk, text, session=shared)
    assert ids(reply)[0] == first
    assert line in why(reply, first)
    assert len(reply.groups) == 3, "what does not fit stands lower and is not hidden"


def test_a_card_tells_what_is_not_so_from_what_is_not_said(talk: Turn, shared: Session) -> None:
    _, reply = said(talk, "free groups on the phone", session=shared)
    assert "here it is not so: by phone" in why(reply, "a-hall")
    assert "it does not say: free" in why(reply, "c-line")


def test_choices_gather_and_one_of_a_kind_takes_the_place_of_another(talk: Turn, shared: Session) -> None:
    session, _ = said(talk, "an online group", "only in the evening", session=shared)
    assert session.groups_wanted == Choice(ways=frozenset({"online"}), times=frozenset({"evening"}))
    session, _ = said(talk, "only in person", session=session)
    assert session.groups_wanted == Choice(ways=frozenset({"in_person"}), times=frozenset({"evening"}))
    session, reply = said(talk, "any group is fine", session=session)
    assert session.groups_wanted == Choice()
    assert reply.groups
    assert not any("You chose" in line for line in reply.lead)
    assert not any("As you asked" in line for card in reply.groups for line in card.why)


def test_undoing_every_choice_undoes_those_of_groups(talk: Turn, shared: Session) -> None:
    session, _ = said(talk, "an online group near leeds", "clear my choices", session=shared)
    assert (session.groups_wanted, session.groups_near) == (Choice(), ())


@pytest.mark.parametrize(
    "text",
    [
        "I am online all evening and my women friends left",
        "in the evening",
        "on weekends",
        "something in Spanish",
        "near the end",
        "in pieces",
        "my online group fell apart",
        "I am a veteran and nobody in Leeds is free on Tuesdays",
    ],
)
def test_a_share_sets_nothing(talk: Turn, shared: Session, text: str) -> None:
    """Also after a story with a group beside it: only where the talk is of groups are a few words enough."""
    session, reply = said(talk, text, session=shared)
    assert (session.groups_wanted, session.groups_near) == (Choice(), ())
    assert reply.kind != "groups"


def test_where_the_talk_is_of_groups_a_few_words_are_enough(talk: Turn, shared: Session) -> None:
    asked, _ = said(talk, "find me a group", session=shared)
    for text, choice in (
        ("in the evening", Choice(times=frozenset({"evening"}))),
        ("free ones", Choice(free=True)),
        ("something in Spanish", Choice(languages=frozenset({"es"}))),
    ):
        assert said(talk, text, session=asked)[0].groups_wanted == choice
    for text in ("in pieces", "near the end", "close to giving up"):
        session, reply = said(talk, text, session=asked)
        assert (session.groups_near, reply.kind) == ((), "nothing_close" if not reply.cards else reply.kind)
        assert reply.kind != "groups", text
    left, _ = said(talk, SHARE + " again", "in the evening", session=asked)
    assert left.groups_wanted == Choice(), "the talk went on to something else"


def test_near_me_asks_for_the_town_once_and_the_answer_is_one(talk: Turn, shared: Session) -> None:
    session, reply = said(talk, "is there a group near me", session=shared)
    assert reply.kind == "question"
    assert "town" in reply.lead[-1]
    assert not reply.groups
    found, reply = said(talk, "Leeds", session=session)
    assert found.groups_near == ("Leeds",)
    assert ids(reply)[0] == "a-hall"
    assert "It meets in or near Leeds." in why(reply, "a-hall")
    _, reply = said(talk, "Slough", session=session)
    assert "No group here names “slough”" in reply.lead[0]
    assert reply.groups
    later, reply = said(talk, "my father died as well and I cannot sleep since", session=session)
    assert later.groups_near == ()
    assert reply.kind != "groups", "somebody who goes on to something else is heard"


def test_near_me_of_somebody_who_said_where_they_are(talk: Turn) -> None:
    session, reply = said(talk, SHARE + ". I live in Leeds", "a group near me")
    assert session.groups_near == ("Leeds",)
    assert ids(reply)[0] == "a-hall"


def test_a_town_that_was_named_in_a_share_stands_in_the_cards_why(talk: Turn) -> None:
    session, _ = said(talk, SHARE + ". I live in Leeds")
    _, reply = said(talk, "find me a group", session=session.model_copy(update={"groups_shown": ()}))
    assert "It meets in or near Leeds." in why(reply, "a-hall")
    assert "Leeds" not in why(reply, "b-screen"), "it was not asked for of groups"


def test_chips_offer_only_what_would_change_something_and_each_is_understood(talk: Turn, shared: Session) -> None:
    _, reply = said(talk, "find me a group", session=shared)
    offered = [chip.send for chip in reply.chips]
    wishes = [say(key) for key, _ in NEXT]
    assert 1 <= len(set(offered) & set(wishes)) <= MOST_CHIPS
    for key, choice in NEXT:
        session, after = said(talk, say(key), session=shared)
        assert session.groups_wanted == choice
        sent = [chip.send for chip in after.chips]
        assert say(key) not in sent
        assert say("chip.group.any") in sent
    assert understand(say("chip.group.any")).intent == "any_group"


def test_a_group_is_asked_for_before_anything_was_told(talk: Turn) -> None:
    session, reply = said(talk, "an online group in the evening")
    assert reply.kind == "question"
    assert "online, in the evening" in reply.lead[0]
    session, reply = said(talk, SHARE, session=session)
    assert ids(reply)[0] == "b-screen"
    assert "Show me stories" in [chip.send for chip in reply.chips]
    assert said(talk, "Show me stories", session=session)[1].cards


def test_none_of_these_groups_brings_the_next_ones(talk: Turn, shared: Session) -> None:
    session, first = said(talk, "groups online", session=shared)
    session, reply = said(talk, "none of these", session=session)
    assert reply.groups
    assert not set(ids(reply)) & set(ids(first))
    _, reply = said(talk, "none of these", session=session)
    assert reply.groups == ()
    assert "been shown" in reply.lead[0] or "no more" in reply.lead[0]


def test_help_comes_before_groups_and_sets_nothing(talk: Turn, shared: Session) -> None:
    session, reply = said(talk, "find me an online group, I want to kill myself tonight", session=shared)
    assert reply.kind == "help"
    assert session.groups_wanted == Choice()


def test_a_group_in_doubt_says_so_on_its_card(talk: Turn, shared: Session, store: Store) -> None:
    for _ in range(3):
        store.tell_wrong("b-screen", Wrong.GONE)
    _, reply = said(talk, "an online group", session=shared)
    assert {card.id for card in reply.groups if card.doubted} == {"b-screen"}


def test_a_chip_is_of_what_is_not_chosen_yet_and_would_bring_another_group() -> None:
    now = datetime.combine(TODAY, time(12), UTC)
    room = make_group("room", attendance="in_person", place=LEEDS)
    screen = make_group("screen", attendance="online")
    assert next_chips([room], [screen], Choice(), now) == ("chip.group.online",)
    assert next_chips([room], [screen], Choice(ways=frozenset({"in_person"})), now) == ()
    assert next_chips([screen], [screen], Choice(), now) == (), "all that are shown have it"
    assert next_chips([room], [room], Choice(), now) == (), "nothing else has it"


def test_what_a_group_should_not_be_is_said_back_stands_lower_and_is_undone(talk: Turn, shared: Session) -> None:
    session, reply = talk.respond(shared, "groups, anything but zoom and not on Saturdays")
    assert "not online, not on Saturdays" in " ".join(reply.lead)
    assert ids(reply)[-1] == "d-late" or "d-late" not in ids(reply)
    assert session.groups_wanted.without == {("ways", "online"), ("days", "SA")}
    session, reply = talk.respond(session, "not in the evening")
    assert ("times", "evening") in session.groups_wanted.without
    session, _ = talk.respond(session, "a group on Saturdays")  # what is chosen is no longer done without
    assert session.groups_wanted.without == {("ways", "online"), ("times", "evening")}
    session, _ = talk.respond(session, "any group is fine")
    assert session.groups_wanted == Choice()


def test_a_card_says_whether_a_group_is_without_it() -> None:
    from assistant.group_wishes import why as card_why

    now = datetime.combine(TODAY, time(12), UTC)
    hall = make_group("h", attendance="in_person", place={"name": "St Mary Church"}, programme="aa", description="Tea.")
    room = make_group("r", attendance="hybrid", place={"name": "Library"}, description="We are not a church group.")
    without = Choice(without=frozenset({("marks", "church"), ("marks", "twelve_step"), ("ways", "online")}))
    assert card_why(room, without, (), (), "en", now) == [
        "As you asked: not in a church or religious or a twelve-step group, not online."
    ]
    assert "here it is not so: not in a church" in " ".join(card_why(hall, without, (), (), "en", now))
