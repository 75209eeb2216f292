"""From a conversation to what is looked for, and to what people say helped them. No sentence of the app is chosen
here but labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.cards import story_card
from assistant.conversation import Session, StoryCard
from assistant.language import unread_language
from assistant.words import say
from corpus.store import Store
from corpus.types import Part, Purpose
from index.find import Finder, Match
from index.places import Town
from index.query import Query, Sense, of_turns
from index.suggest import Wanted, towns_said

# A person whose only sign is that they lost someone to suicide may meet others who did.
_BEREAVED = frozenset({"suicide_bereavement"})


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


def wanted_of(
    session: Session, sense: Sense, close: Sequence[Match], towns: Callable[[str], Sequence[Town]], text: str = ""
) -> Wanted:
    """What a group should have: what was said, and what the person named or chose themselves. text: said just now."""
    said = " ".join((*session.shares, text))
    return Wanted(
        near=sense.near,
        told=[theme for match in close for theme in match.story.themes[:2]],
        languages=tuple({unread_language(said) or "en", session.lang}),
        towns=towns_said(said, towns),
        country=session.country,
    )


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
