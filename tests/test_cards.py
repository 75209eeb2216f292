"""What is shown of a story and of a group."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assistant.cards import evidence, excerpt, shared_feelings, shared_words
from assistant.group_cards import group_card, when
from assistant.turn import Turn
from corpus.store import Store
from corpus.types import Online, Part, PartText, Place, Schedule, Span
from tests.conftest import make_group, make_story
from tests.talking import SHARE, said


def test_an_excerpt_grows_to_about_ninety_words_and_keeps_its_mark() -> None:
    text = " ".join(f"Sentence {i} has six words." for i in range(60))
    story = make_story(parts=(PartText(part=Part.GOING_ON, text=text),))
    start = text.index("Sentence 30")
    cut = excerpt(story, Span(part=Part.GOING_ON, start=start, end=start + 27))
    assert cut.text in text
    assert cut.text[slice(*cut.mark)] == text[start : start + 27]
    assert 80 <= len(cut.text.split()) <= 100
    assert cut.before
    assert cut.after
    short = excerpt(make_story(), Span(part=Part.HELPED, start=0, end=5))
    assert not short.before
    assert not short.after


def test_shared_words_are_in_both_and_mean_something() -> None:
    assert shared_words("I was drinking with my sister because of things", "She drinks. My sisters know.") == (
        "drinking",
        "sister",
    )
    assert shared_words("and then it was", "and then it was") == ()


def test_the_rarest_shared_words_are_named_and_common_ones_are_not() -> None:
    rarity = {"kitchen": 0.75, "heron": 0.99, "house": 0.2, "radio": 0.9, "piano": 0.95}.__getitem__
    text = "the house, the kitchen, a heron, the radio and a piano"
    assert shared_words(text, text, rarity=rarity) == ("heron", "radio", "piano")
    assert shared_words("the house", "the house", rarity=rarity) == ()


@pytest.mark.parametrize(
    ("said", "told", "both"),
    [
        ("I feel so ashamed of it", "The shame of it kept me in", ("shame",)),
        ("I am not ashamed", "ashamed", ()),
        ("ashamed", "I was never ashamed", ()),
        ("scared and lonely", "lonely. And afraid.", ("being afraid",)),
        ("the lamp", "the lamp", ()),
    ],
)
def test_a_feeling_is_shared_when_both_wrote_it(said: str, told: str, both: tuple[str, ...]) -> None:
    assert shared_feelings(said, told) == both


def test_the_sentences_that_match_are_marked_as_one_slice() -> None:
    text = "We moved in spring. My brother drank. It was hot. He hid the bottles from me. The dog slept."
    story = make_story(parts=(PartText(part=Part.GOING_ON, text=text),))
    passage = Span(part=Part.GOING_ON, start=0, end=len(text))
    assert evidence("my brother and his bottle", story, passage).of(story) == (
        "My brother drank. It was hot. He hid the bottles from me."
    )
    assert evidence("zebras", story, passage) == passage
    assert evidence("", story, passage) == passage


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ({"days": ("TU",), "start": "19:00", "end": "20:30", "timezone": "Europe/Dublin"}, "Tuesdays 19:00–20:30 (Dublin time)"),
        ({"days": ("MO", "WE"), "start": "07:00", "timezone": "America/Lima"}, "Mondays and Wednesdays 07:00 (Lima time)"),
        ({"days": ("SU",), "start": "10:00", "timezone": None}, None),
        ({"days": ("SU",), "start": "10:00", "timezone": "UTC", "rrule": "FREQ=MONTHLY;BYDAY=2SU", "label": "2nd Sunday"}, "2nd Sunday 10:00 (UTC time)"),
        ({"days": ("SU",), "start": "10:00", "timezone": "UTC", "rrule": "FREQ=MONTHLY;BYDAY=2SU"}, None),
        ({"days": ("SU",), "start": "10:00", "timezone": "Europe/Oslo", "certain": False, "label": "last Sunday"}, "Sundays 10:00 (Oslo time) The directory adds “last Sunday”, so ask before you go."),
    ],
)  # fmt: skip
def test_a_clock_time_is_shown_with_its_zone_or_not_at_all(schedule: dict[str, object], text: str | None) -> None:
    assert when(Schedule.model_validate(schedule)) == text


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("schedule", "more", "day", "time"),
    [
        (
            {"days": ("FR",), "start": "19:00", "end": "20:00", "timezone": "Europe/Dublin"},
            {},
            "2026-11-20",
            "19:00–20:00",
        ),
        (
            {"days": ("FR",), "start": "11:30", "end": "12:30", "timezone": "Europe/Dublin"},
            {},
            "2026-11-20",
            "11:30–12:30",
        ),
        ({"days": ("FR",), "start": "07:00", "timezone": "Pacific/Auckland"}, {}, "2026-11-27", "07:00"),
        ({"days": ("FR",), "start": "19:00", "timezone": None}, {}, None, None),
        (
            {"days": ("FR",), "start": "19:00", "timezone": "UTC", "certain": False, "label": "2nd Friday"},
            {},
            None,
            None,
        ),
        ({"days": ("FR",), "start": "19:00", "timezone": "UTC", "until": "2026-11-01"}, {}, None, None),
        ({"days": ("FR",), "start": "19:00", "timezone": "UTC"}, {"status": "temporarily_closed"}, None, None),
        (
            {
                "days": ("SA",),
                "start": "10:00",
                "timezone": "UTC",
                "rrule": "FREQ=MONTHLY;BYDAY=2SA",
                "starts_on": "2026-01-01",
            },
            {},
            "2026-12-12",
            "10:00",
        ),
    ],
)
def test_the_next_meeting_is_said_by_the_groups_own_clock(
    schedule: dict[str, object], more: dict[str, object], day: str | None, time: str | None
) -> None:
    card = group_card(make_group("g", schedules=(schedule,), **more), themes=(), lang="en", now=NOON)
    assert (card.next.day, card.next.time) == (day, time) if day else card.next is None
    assert card.when or card.next


def test_a_group_that_is_always_open_and_one_that_is_over() -> None:
    always = make_group(
        "g", always_open=True, schedules=({"days": ("MO",), "start": "00:00", "end": "23:59", "timezone": "UTC"},)
    )
    assert group_card(always, themes=(), lang="en", now=NOON).when == ("Day and night, every day.",)
    over = make_group("g", schedules=({"days": ("MO",), "start": "10:00", "timezone": "UTC", "until": "2026-01-01"},))
    assert group_card(over, themes=(), lang="en", now=NOON).when == ("Ask the group when it meets.",)


def test_a_group_card_says_what_somebody_needs_before_going(turn: Turn, store: Store) -> None:
    store.put_group(
        make_group("line", kind="warmline", phone="+1 202 555 0143", contacts_emergency_services="unknown",
                   attendance="phone", online=Online(url="https://line.example"), place=Place(country="US"),
                   description="My mother died and the house is quiet, the radio is on.", checked_on="2025-08-01"), "t")  # fmt: skip
    _, reply = said(turn, SHARE)
    (card,) = [g for g in reply.groups if g.id == "line"] or [None]
    assert card
    assert card.stale
    assert card.emergency_calls
    assert card.when == ("By appointment.",)
    assert "By phone" in card.where
    assert card.why
