"""From a conversation to what is looked for, and to what people say helped them. No sentence of the app is chosen
here but labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from assistant.cards import story_card
from assistant.conversation import Chip, GroupCard, Session, StoryCard
from assistant.group_cards import group_card
from assistant.group_wishes import why
from assistant.language import READ
from assistant.words import say
from corpus.store import Store
from corpus.types import Group, Part, Purpose
from index.find import Finder, Match
from index.places import Town
from index.query import Query, Sense, of_turns
from index.suggest import wanted_of

# A person whose only sign is that they lost someone to suicide may meet others who did.
_BEREAVED = frozenset({"suicide_bereavement"})
_POOL = 30  # groups that are looked at for what could be chosen next


def query_of(
    session: Session, sense: Sense | None, count: int, *, like: tuple[str, ...] = (), hopeful: bool = False
) -> Query:
    """What is looked for, with everything that was chosen and said of stories in this conversation."""
    at_risk = [s for s in session.screens if s.tier]
    return Query(
        sense=sense,
        count=count,
        exclude=frozenset((*session.shown, *session.refused)),
        hopeful=hopeful or session.hopeful,
        gentle=bool(at_risk),
        bereaved=all(set(s.categories) <= _BEREAVED for s in at_risk),
        like=like,
        unlike=session.refused,
        strangers=session.strangers,
        lighter=session.lighter,
        franker=session.franker,
        dials=session.dials,
    )


def chips_of(lang: str, *names: str) -> tuple[Chip, ...]:
    """Next steps as buttons. names: keys of words; what stands on a button is what it sends."""
    return tuple(Chip(label=say(name, lang), send=say(name, lang)) for name in names)


# Two ways to begin for each part of a day, beside being listened to. What somebody used before plays no part.
OPENINGS: tuple[tuple[tuple[int, int], tuple[str, str]], ...] = (
    ((22, 5), ("chip.sleep", "chip.asleep")),
    ((5, 11), ("chip.morning", "chip.worry")),
    ((11, 17), ("chip.mask", "chip.work")),
    ((17, 22), ("chip.evening", "chip.loss")),
)


def openings(lang: str) -> tuple[Chip, ...]:
    """The first chips of a conversation, for every hour: whoever shows them knows the person's clock."""
    early = tuple(
        chip.model_copy(update={"hours": hours}) for hours, names in OPENINGS for chip in chips_of(lang, *names)
    )
    return (*early, *chips_of(lang, "chip.listen"))


class Offered(NamedTuple):
    cards: tuple[GroupCard, ...]
    shown: list[Group]  # the same, as the directory has them
    others: list[Group]  # what is next in order, and what was shown before


def groups_for(
    finder: Finder,
    store: Store,
    session: Session,
    sense: Sense,
    towns: Callable[[str], Sequence[Town]],
    now: datetime,
    *,
    close: Sequence[Match] = (),
    count: int = 3,
    again: bool = False,
) -> Offered:
    """At most `count` groups that were not shown yet, by what was said and what the person named or chose themselves.

    towns: the places that the directory knows by a name. close: stories that were found. again: also groups that were
    shown, because something else was chosen since."""
    lang, choice, near = session.lang, session.groups_wanted, session.groups_near
    wanted = wanted_of(
        sense.near,
        session.shares,
        towns,
        told=[theme for match in close for theme in match.story.themes[:2]],
        languages=tuple(READ | {lang}),  # what is not read does not come so far
        choice=choice,
        places=near,
        country=session.country,
    )
    exclude = frozenset() if again else frozenset(session.groups_shown)
    pool = finder.groups(wanted, sense, now, _POOL + len(exclude))
    shown = [group for group in pool if group.id not in exclude][:count]
    doubted = store.doubted_groups()
    cards = []
    for group in shown:
        card = group_card(
            group, themes=sense.touched, lang=lang, now=now, towns=wanted.towns, doubted=group.id in doubted
        )
        fits = why(group, choice, near, wanted.towns, lang, now)
        cards.append(card.model_copy(update={"why": (*card.why, *fits)}))
    return Offered(tuple(cards), shown, [group for group in pool if group not in shown])


def helped_across(finder: Finder, session: Session) -> tuple[list[StoryCard], list[int]]:
    """Cards of passages in which several people say what helped them, by kind of toolkit, and the ids of those
    passages.

    Of stories that were shown already their words are welcome, but no passage comes twice.
    """
    query = query_of(session, finder.sense(of_turns(session.shares)), 1)
    query = replace(query, exclude=frozenset(session.refused))
    cards: list[StoryCard] = []
    quoted: list[int] = []
    for kind, passages in finder.helped(query, session.last, session.quoted):
        heading = say(f"card.kind.{kind}", session.lang)
        for passage in passages:
            match = Match(passage.story, passage.passage_id, passage.span, passage.nearness, close=True)
            cards.append(story_card(match, said="", themes=(), lang=session.lang, heading=heading))
            quoted.append(passage.passage_id)
    return cards, quoted


def helped_one(store: Store, finder: Finder, session: Session, story_id: str) -> list[StoryCard]:
    """The part "what helped" of one story that was shown. Away from its story it is a quotation, with a consent of
    its own."""
    quotable = store.visible([story_id], Purpose.QUOTE)
    visible = {id: v for id, v in store.visible([story_id], Purpose.SURFACE).items() if id in quotable}
    near = finder.best_passages([story_id], finder.sense(of_turns(session.shares)), Part.HELPED, visible)
    return [story_card(match, said="", themes=(), lang=session.lang) for match in near.values()]
