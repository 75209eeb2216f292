"""An answer to somebody who asks for groups: what was chosen is noted, and what cannot be known is asked, gently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from assistant import group_wishes as gw
from assistant.conversation import GroupsTurn, Reply, Session
from assistant.looking import chips_of, groups_for
from assistant.understand import Understood, rules, small
from assistant.voice import pick
from assistant.words import say
from corpus.store import Store
from index.find import Finder
from index.places import Town
from index.query import of_turns
from index.suggest import towns_said

Find = Callable[[str], Sequence[Town]]
_BEFORE_A_TOWN = ("i'm in ", "i am in ", "i live in ", "near ", "in ", "around ", "it's ", "it is ")


def is_of_groups(asked: Understood, session: Session, of: GroupsTurn, find: Find) -> bool:
    """Whether a request really is one for groups: without a word for a group ("on weekends") it is where the talk is of
    groups, or where nothing else can be meant; and a place is only one that the directory knows. of: what the answer
    before said of groups."""
    if not asked.bare:
        return True
    if not all(gw.known(place, find) for place in gw.places(asked.wishes)):
        return False
    return bool(of) or (bool(session.groups_shown) and gw.of_groups_only(asked.wishes))


def town_in(text: str, find: Find) -> Understood | None:
    """The answer to the question for a town: a request, where the whole message is a place or is shaped like one. None
    where the person went on to something else."""
    place = small(text).strip(" .!?")
    place = place.removesuffix(" please").removesuffix(" thanks")
    before = next((start for start in _BEFORE_A_TOWN if place.startswith(start)), "")
    place = place.removeprefix(before)
    one_word = bool(place) and " " not in place and place not in rules().common | rules().filler
    if find(place) or (one_word and not rules().feeling.fullmatch(place)):
        return Understood("groups", wishes=((gw.NEAR, place),))
    return None


def _noted(session: Session, asked: Understood, find: Find) -> tuple[Session, tuple[str, ...], bool]:
    """(the session with what was chosen, places that the directory does not know, whether to ask for a town)."""
    if asked.intent == "any_group":
        return session.model_copy(update={"groups_wanted": gw.ANY, "groups_near": ()}), (), False
    named = gw.places(asked.wishes)
    labels = tuple(dict.fromkeys(label for place in named for label in gw.known(place, find)))
    unknown = tuple(place for place in named if not gw.known(place, find))
    if not labels and not named:  # "is there a meeting for people like me in leeds"
        labels = tuple(town.label for town in towns_said(asked.topic, find))
    update: dict[str, Any] = {"groups_wanted": gw.changed(session.groups_wanted, asked.wishes)}
    if labels:
        update["groups_near"] = labels
    if asked.topic:
        update["groups_about"] = asked.topic
    session = session.model_copy(update=update)
    here = (gw.NEAR, gw.HERE) in asked.wishes
    if here and not session.groups_near:  # "near me" of somebody who said where they are
        said = towns_said(" ".join(session.shares), find)
        session = session.model_copy(update={"groups_near": tuple(dict.fromkeys(town.label for town in said))})
    return session, unknown, here and not session.groups_near


def answer(
    session: Session, asked: Understood, finder: Finder, store: Store, find: Find, now: datetime
) -> tuple[Session, Reply]:
    """Groups, or one question. find: the towns that the directory knows by a name. The help card is the caller's."""
    lang = session.lang
    before = (session.groups_wanted, session.groups_near)
    session, unknown, which_town = _noted(session, asked, find)
    new = (session.groups_wanted, session.groups_near) != before or bool(asked.wishes)
    chosen = gw.in_words(session.groups_wanted, session.groups_near, lang)
    lines = [say("talk.groups.unknown", lang, place=place) for place in unknown]
    if which_town:
        return _question(session, lines, chosen if new else "", "talk.groups.town", "town")
    sense = (
        finder.sense(of_turns(tuple(filter(None, (*session.shares, session.groups_about))))) if _said(session) else None
    )
    if sense is None or (not session.shares and not sense.touched):
        return _question(session, lines, chosen if new else "", "talk.groups.first", "about")
    offered = groups_for(finder, store, session, sense, find, now, again=new)
    groups, further = offered.cards, gw.next_chips(offered.shown, offered.others, session.groups_wanted, now)
    none = "talk.groups.no_more" if session.groups_shown else "talk.groups.none"
    lead = pick("talk.groups" if groups else none, session.said, lang, again=True)
    if asked.intent == "any_group":
        lead = (*pick("talk.groups.any", session.said, lang, again=True), *lead)
    if chosen and groups:
        lead = (*lead, say("talk.groups.chosen", lang, wishes=chosen))
    lead = (*lines, *lead)
    session = session.model_copy(
        update={
            "said": (*session.said, *lead),
            "groups_shown": tuple(dict.fromkeys((*session.groups_shown, *(g.id for g in groups)))),
            "groups_turn": "shown",
        }
    )
    more = ("chip.group.any",) if chosen else ()
    if session.shares and not session.shown:
        more = (*more, "chip.stories")
    return session, Reply(
        kind="groups",
        lead=lead,
        lang=lang,
        groups=groups,
        chips=chips_of(lang, *further, *more, "chip.listen"),
        notice=say("talk.notice.groups", lang, count=len(groups)),
    )


def _said(session: Session) -> bool:
    return bool(session.shares or session.groups_about)


def _question(session: Session, lines: list[str], chosen: str, key: str, turn: GroupsTurn) -> tuple[Session, Reply]:
    """One gentle question, after what was noted already."""
    lang = session.lang
    if chosen:
        lines = [*lines, say("talk.groups.kept", lang, wishes=chosen)]
    lead = (*lines, *pick(key, session.said, lang, again=True))
    session = session.model_copy(update={"said": (*session.said, *lead), "groups_turn": turn})
    notice = say("talk.notice.plain", lang)
    return session, Reply(kind="question", lead=lead, lang=lang, notice=notice)
