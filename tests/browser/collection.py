"""A small collection for the pictures of the docs: invented stories of invented people, at every stage of their way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from assistant.settings import Settings
from corpus import codes, desk, people, wording
from corpus.custody import CodeRow, Counted, Held, Role
from corpus.hashing import hash_secret
from corpus.narrator import consent_for
from corpus.store import Store, open_store, utc_now
from corpus.types import Consent, Part, PartText, Provenance, Purpose, State, Story
from tests.conftest import Clock

PASSWORD = "a lamp in the hallway"
PEOPLE = {"ines": Role.REVIEWER, "tobias": Role.REVIEWER, "lena": Role.LEAD, "guest": Role.READ_ONLY}
WITH_MARKS = "s-5c1f20ab97e4"  # waits for its first reviewer
FINE = "Reads as it was meant. Nobody else is to be recognised."
WITH_EDIT = "s-0b7de3914f6a"  # published; an edit and a question wait for its narrator


@dataclass(frozen=True)
class Told:
    """A story as it is written down here: its words, and what its narrator chose."""

    id: str
    title: str
    narrator: str
    going_on: str
    now: str
    themes: tuple[str, ...]
    days: float  # since it was sent
    left: float = 300  # days until its consent ends
    stage: str | None = None
    context: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    language: str = "en"
    also: tuple[Purpose, ...] = ()  # beside being shown
    shown: tuple[int, ...] = (0,) * len(Counted)  # in the order of `Counted`


PUBLISHED = (
    Told(
        WITH_EDIT, "Two cups", "Wren",
        "After Joan died I went on filling the big teapot. For weeks I poured the second cup and let it go cold. "
        "My daughter Petra said nothing about it, and I was glad of that. We lived above the chandler's on Quay Lane.",
        "I have a small teapot now. The big one is on the shelf where I can see it. Some nights I still get up at four.",
        ("grief", "loneliness"), 38, 41, "finding_my_way", ("older_person",), ("death",), also=(Purpose.QUOTE,),
        shown=(64, 23, 9, 6, 1, 5, 2, 6, 0, 1),
    ),
    Told(
        "s-7742cc0d18ef", "The 23:40", "Marek",
        "I drove the last bus for six years, and then I could not sleep on my nights off either. I sat in the parked "
        "car outside our own house, because inside I would have had to be somebody.",
        "Days now, on the school run. I am still tired. But I know which kind of tired it is.",
        ("work", "sleep", "depression"), 60, 12.5, "further_along", ("man", "parent"), shown=(41, 12, 5, 2, 0, 1, 0, 0, 5, 0),
    ),
    Told(
        "s-e90a44d1b3c8", "Nine plates", "June",
        "I counted drinks by plates. As long as I cooked first, it was a glass with dinner. One winter there were "
        "nine dinners in a day.",
        "Two years in March. I went back to it once, in the second autumn, and told my group the same week.",
        ("alcohol", "family"), 70, 295, "further_along", ("parent", "woman"), ("risky_behaviour:substances",),
        also=(Purpose.QUOTE, Purpose.SHARE), shown=(52, 30, 12, 7, 5, 3, 7, 1, 0, 0),
    ),
    Told(
        "s-19ab77c6e024", "Form 12b", "A. with the green coat",
        "Every letter from the office began with the word Unfortunately. I read them on the stairs, standing up, so "
        "that nobody in our room would see my face.",
        "I still read letters on the stairs. But I read them aloud now, to Mrs Adeyemi, who swears at them for me.",
        ("migration", "anxiety"), 50, 310, "in_the_middle", ("migrant",), also=(Purpose.SHARE,), shown=(18, 7, 2, 1, 0, 0, 0, 0, 0, 0),
    ),
    Told(
        "s-c3d8f5517a90", "Tuesday, voices", "Ilse",
        "Mine were two men who disagreed about me. I had them for a year before I told anybody but the cat.",
        "They are still there on some days. I go swimming on Tuesdays, and they do not like the water.",
        ("voices", "loneliness"), 45, 5.5, "finding_my_way", ("woman",), ("mental_health",), shown=(3, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    ),
    Told(
        "s-26b1e7f0d45c", "Y bore", "Gwen",
        "Y bore oedd y gwaethaf. Ro'n i'n eistedd ar erchwyn y gwely a chyfrif y teils.",
        "Mae'r bore'n dal yn araf. Ond mae'r ci'n codi cyn fi.",
        ("depression",), 33, 330, "in_the_middle", ("rural",), language="cy", also=(Purpose.EVALUATE,),
    ),
)  # fmt: skip
WAITING = (
    Told(
        WITH_MARKS, "The stairs at number nine", "Robin",
        "In the spring of 2019 my sister Anna drove me to Riverside Hospital, because I had not slept for eleven days "
        "and I believed the radiators were talking.\n\nI was twenty-four and taught at Hillcrest School. I sat on the "
        "stairs and counted the tiles. There were thoughts of suicide then. She brought me soup and did not ask.",
        "I work three days a week. Anna still rings on Sundays. You can write to me at robin.k@postbox.example.",
        ("sleep", "family"), 4, 361, "finding_my_way",
    ),
    Told(
        "s-a40e6b9c3d71", "Ground rules", "Sol",
        "My uncle and I had one rule: not before the news. Then the news came on earlier.",
        "I keep the radio off. It is a start.",
        ("alcohol", "family"), 6, 359, "in_the_middle",
    ),
    Told(
        "s-d1570fe82b6c", "Empty nest, full freezer", "Bea",
        "When the twins left I cooked for four until there was no more room in the freezer.",
        "There is room now. I gave the stew to the whole landing.",
        ("loneliness", "family"), 1, 364, "finding_my_way", ("parent",),
    ),
    Told(
        "s-8f93ba06c1d2", "Half a form", "Nadia",
        "I filled in the first page of the course form eleven times.",
        "I am on page two.",
        ("anxiety", "study"), 5, 725, "in_the_middle", ("student",),
    ),
)  # fmt: skip
HELD = Told(
    "s-f7c4d2e6019b", "From the old binder", "Kit",
    "I was the one with the key to the hall, so I had to go, also on the days when I could not.",
    "Somebody else has the key now. I go all the same.",
    ("depression",), 20, 70,
)  # fmt: skip


def story_of(told: Told, provenance: Provenance = Provenance.CONTRIBUTED) -> Story:
    parts = (PartText(part=Part.GOING_ON, text=told.going_on), PartText(part=Part.NOW, text=told.now))
    return Story(
        id=told.id, title=told.title, narrator=told.narrator, language=told.language, parts=parts, themes=told.themes,
        stage=told.stage, context=told.context, content_notes=told.notes, provenance=provenance,
    )  # fmt: skip


def fill(data: Path, now: datetime | None = None) -> codes.Code:
    """Put the collection into a data folder, as if it had grown for two months until now. The code of the story WITH_EDIT."""
    now, clock = now or utc_now(), Clock()
    clock.now = now - timedelta(days=75)
    store = open_store(Settings(data=data).database_url, clock=clock)
    try:
        for name, role in PEOPLE.items():
            people.add(store, name, role, PASSWORD)
        code = codes.new_code()
        for days, act in sorted(_acts(store, now, code), key=lambda act: -act[0]):
            clock.now = now - timedelta(days=days)
            act()
        clock.now = now
        store.scrub()
        return code
    finally:
        store.close()


def _acts(store: Store, now: datetime, code: codes.Code) -> Iterator[tuple[float, Callable[[], object]]]:
    """Everything that was done, each with how many days ago."""
    for told in (*PUBLISHED, *WAITING):
        mine = code if told.id == WITH_EDIT else codes.new_code()
        yield told.days, partial(_take_in, store, told, now, mine)
    for told in PUBLISHED:
        for reviewer, later in (("ines", 2.2), ("tobias", 4.4)):
            yield told.days - later, partial(store.approve, told.id, reviewer, 1, FINE)
        seen = {(told.id, what): n for what, n in zip(Counted, told.shown, strict=True) if n}
        yield told.days - 9, partial(store.count, seen)
    yield HELD.days, partial(_hold, store, now)
    yield 3.1, partial(store.approve, "s-a40e6b9c3d71", "ines", 1, FINE)
    ask = "Is there a part that you would like to add? It is fine as it is, too."
    yield 2.3, partial(store.ask, "s-8f93ba06c1d2", "tobias", ask)
    for reviewer, days in (("ines", 0.9), ("tobias", 0.6)):
        yield days, partial(store.approve, "s-d1570fe82b6c", reviewer, 1, FINE)
    yield 0.8, partial(_propose, store)
    for days, theme, times in ((14, "gambling", 7), (7, "military", 11), (7, "gambling", 6), (0, "perinatal", 8)):
        for _ in range(times):
            yield days, partial(store.count_missing, theme)


def _take_in(store: Store, told: Told, now: datetime, code: codes.Code) -> None:
    sent = now - timedelta(days=told.days)
    agreed = consent_for(frozenset({Purpose.SURFACE, *told.also}), 12, wording.current().id, sent)
    agreed = agreed.model_copy(update={"expires_at": now + timedelta(days=told.left)})
    row = CodeRow(code.locator, hash_secret(code.secret))
    store.add(story_of(told), agreed, Held(sent, sent + timedelta(hours=72), row), "narrator")


def _hold(store: Store, now: datetime) -> None:
    came = now - timedelta(days=HELD.days)
    until = now + timedelta(days=HELD.left)
    consent = Consent(purposes=frozenset(), granted_at=came, expires_at=until, wording="none")
    held = Held(came, came + timedelta(hours=72))
    store.add(story_of(HELD, Provenance.PROGRAM), consent, held, "command line", State.HELD)


def _propose(store: Store) -> None:
    """An edit of a published story, waiting for its narrator."""
    dossier = store.dossier(WITH_EDIT)
    assert dossier is not None
    first, *rest = dossier.story.parts
    text = first.text.replace(" We lived above the chandler's on Quay Lane.", " We lived above a shop by the water.")
    changed = dossier.story.model_copy(update={"parts": (PartText(part=first.part, text=text), *rest)})
    note = "With the shop and the street, somebody who knows the town could tell who you are."
    desk.propose(store, dossier, "ines", changed, note)
