"""A conversation to test with: a small collection of one theme, a turn over it, and a way to say several things."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from assistant.conversation import Reply, Session
from assistant.turn import Turn
from assistant.voice import PlainVoice
from corpus.store import Store
from corpus.types import Part, PartText, Purpose
from index.embed import WordEmbedder
from index.find import Finder
from tests.conftest import make_consent, make_group, make_story, publish

TODAY = date(2026, 11, 20)
SHARE = "My mother died last month and the house is so quiet that I leave the radio on"


# What each of the seven tells that the others do not: nearly the same story would not be shown twice.
OWN = (
    "Her garden went wild, beans and roses everywhere.",
    "My uncle sold the piano and nobody asked anybody.",
    "We drove to Lisbon with the ashes, singing.",
    "The bakery kept calling about an unpaid cake.",
    "Chess against a stranger filled most evenings.",
    "Somebody repaired our fence without a word.",
    "At work they gave me a fern and more shifts.",
)


# What helped each of them: of seven kinds.
HELPED = (
    "My sister rang every night.",
    "The dog wanted feeding.",
    "Swimming, oddly.",
    "The songs on it are hers.",
    "My doctor said little and meant it.",
    "I bake bread now.",
    "We pray on Sundays.",
)


def fill(store: Store, consent=None) -> None:  # type: ignore[no-untyped-def]
    """Seven stories of loss and one about trains, each in parts."""
    for i, hope in enumerate((1, 2, 3, 4, 5, 3, 2)):
        parts = (
            PartText(
                part=Part.GOING_ON,
                text=f"My mother died last winter. The house is quiet. I leave the radio on. {OWN[i]}",
            ),
            PartText(part=Part.HELPED, text=f"The radio on helped a little. The house is quiet. {HELPED[i]}"),
        )
        story = make_story(f"s{i}", title=f"The quiet house {i}", parts=parts, hope=hope, themes=("grief",))
        shown = consent or make_consent(Purpose.SURFACE, Purpose.QUOTE, days=9999)
        publish(store, story, shown)
    trains = (PartText(part=Part.GOING_ON, text="Zebra timetables delight engineers."),)
    publish(store, make_story("trains", title="Engines", parts=trains, themes=("study",)), make_consent(days=9999))
    store.put_group(
        make_group("tea", description="Tea and the radio for people whose mother died. The house is quiet."), "t"
    )


def make_turn(store: Store) -> Turn:
    fill(store)
    return Turn(
        store,
        Finder(store, WordEmbedder(), floor=0.2, seed="test", today=lambda: TODAY),
        PlainVoice(),
        now=lambda: datetime.combine(TODAY, time(12), UTC),
    )


def said(turn: Turn, *messages: str, session: Session | None = None) -> tuple[Session, Reply]:
    session = session or turn.start()[0]
    reply = Reply(kind="hello")
    for message in messages:
        session, reply = turn.respond(session, message)
    return session, reply
