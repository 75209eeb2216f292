"""What the page can do, without Gradio: open, say, press a button, read, forget. `chat.py` binds these to events."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar
from weakref import WeakKeyDictionary

from assistant.conversation import Reply, Session, StoryView
from assistant.counts import Counts
from assistant.dials import spoken
from assistant.pages.render import draw, story_html, talk_html
from assistant.pages.sessions import Talk, Talks, Turn
from assistant.tidy import tidy
from assistant.turn import LONGEST, Feedback
from assistant.words import say
from corpus import vocabulary
from corpus.custody import FELT, PUT_ASIDE, Counted
from corpus.errors import SharedJourneyError
from index.query import Dials

log = logging.getLogger("shared_journey.pages")

Result = TypeVar("Result")
MAX_CHIP = 2000  # characters that a pressed button may send; typed text has only the body limit


class Turns(Protocol):
    """What the page needs of `assistant.turn.Turn`."""

    def start(self, lang: str, country: str | None) -> tuple[Session, Reply]: ...
    def respond(self, session: Session, text: str) -> tuple[Session, Reply]: ...
    def more_like(self, session: Session, story_id: str) -> tuple[Session, Reply]: ...
    def not_for_me(self, session: Session, story_id: str) -> tuple[Session, Reply]: ...
    def feedback(self, session: Session, said: Feedback, story_id: str | None) -> tuple[Session, Reply]: ...
    def not_today(self, session: Session) -> tuple[Session, Reply]: ...
    def choose(self, session: Session, dials: Dials) -> tuple[Session, Reply]: ...
    def read(self, session: Session, story_id: str) -> StoryView | None: ...
    def visible(self, ids: Iterable[str]) -> frozenset[str]: ...


class Trouble(Exception):
    """An answer could not be made. Holds no text of anybody."""


def guarded(step: Callable[[], Result]) -> Result:
    """Runs one step of the turn. An error becomes `Trouble`, and the log gets its kind and place, never its message:
    the message of an unforeseen error can quote what the person wrote."""
    try:
        return step()
    except Exception as error:
        note(error)
        raise Trouble from None


def note(error: BaseException) -> None:
    """Kind and place of an error. Our own errors never hold a person's text, so their line is logged as well."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    line = f": {error}" if isinstance(error, SharedJourneyError) else ""
    log.error("%s at %s%s", type(error).__name__, where, line)


@contextlib.contextmanager
def alone(talk: Talk) -> Iterator[None]:
    """One step of a conversation at a time, and one that waits: more are refused, because whoever waits here holds one
    of the few places that all visitors share."""
    if not talk.places.acquire(blocking=False):
        raise Trouble
    try:
        with talk.lock:
            yield
    finally:
        talk.places.release()


# Why a story was not for somebody, as they may say afterwards, and what comes differently from then on.
REASONS: dict[str, Feedback | None] = {
    "too_heavy": "lighter",
    "not_like_me": "not_like_me",
    "too_rosy": "franker",
    "preachy": "franker",
    "not_today": None,
}
AGAIN = 60  # seconds in which the same words sent again are the same message: a connection broke off before its answer


class Told:
    """What somebody said that stories left them feeling, in one conversation: forgotten with it."""

    def __init__(self) -> None:
        self.felt: dict[str, Counted] = {}  # id of a story → what it left them feeling
        self.lightened = False  # because of that, and not because it was asked for, lighter stories come first


class Room:
    """All open conversations and what can be done in one of them. `key` is Gradio's name for one open page."""

    def __init__(self, turns: Turns, talks: Talks, counts: Counts | None = None, *, new_york: bool = False) -> None:
        self.turns = turns
        self.new_york = new_york  # whether reminders also stand in New York's words
        self.talks = talks
        self.counts = counts or Counts(enabled=False)
        self._told: WeakKeyDictionary[Talk, Told] = WeakKeyDictionary()

    def open(self, key: str, lang: str, country: str | None) -> str:
        """A new conversation with its opening answer."""
        return self._drawn(self._open(key, lang, country))

    def _open(self, key: str, lang: str, country: str | None) -> Talk:
        session, reply = guarded(lambda: self.turns.start(lang, country))
        talk = self.talks.put(key, session)
        talk.add(Turn(None, reply))
        return talk

    def say(self, key: str, text: str, lang: str, country: str | None, label: str | None = None) -> str:
        """What the person typed, or what a chip sends in their name (then `label` is what is shown of it)."""
        talk, before = self._talk(key, lang, country)
        text = tidy(text)
        # Shown as it is understood: without what cannot be seen, and not longer than what is read.
        shown = tidy(label or text)[:LONGEST]
        with alone(talk):
            if label is None and talk.just_said(shown, AGAIN):
                self._let_go(talk.turns)
                talk.steps += 1  # or the browser would take it for what it shows already, and go on looking
                return self._drawn(talk)
            session, reply = guarded(lambda: self.turns.respond(talk.session, text))
            drawn = self._answered(key, talk, session, Turn(shown, reply, label is not None, before))
            if drawn and session.screens:
                self.counts.screened(session.screens[-1])
            return drawn

    def more_like(self, key: str, story_id: str, lang: str, country: str | None) -> str:
        talk, before = self._talk(key, lang, country)
        with alone(talk):
            said, nameless = (say("page.turn.more_like", lang, title=t) for t in (talk.title_of(story_id) or "…", "…"))
            session, reply = guarded(lambda: self.turns.more_like(talk.session, story_id))
            return self._answered(key, talk, session, Turn(said, reply, True, before, about=(story_id, nameless)))

    def not_for_me(self, key: str, story_id: str, lang: str, country: str | None) -> str:
        talk, before = self._talk(key, lang, country)
        with alone(talk):
            said, nameless = (say("page.turn.not_for_me", lang, title=t) for t in (talk.title_of(story_id) or "…", "…"))
            session, reply = guarded(lambda: self.turns.not_for_me(talk.session, story_id))
            for turn in talk.turns:
                if any(card.id == story_id for card in turn.reply.cards):
                    turn.aside.add(story_id)
                    turn.drawn = None
            asks = story_id if reply.kind != "help" else ""
            turn = Turn(said, reply, True, before, about=(story_id, nameless), asks=asks)
            return self._answered(key, talk, session, turn)

    def why_not(self, key: str, story_id: str, reason: str, lang: str, country: str | None) -> str:
        """What it was about a story that was put aside: what comes next is looked for differently."""
        talk, before = self._talk(key, lang, country)
        with alone(talk):
            said, how = say(f"page.why.{reason}", lang), REASONS[reason]
            session, reply = guarded(
                lambda: self.turns.feedback(talk.session, how, story_id) if how else self.turns.not_today(talk.session)
            )
            if reason in PUT_ASIDE and any(turn.asks == story_id for turn in talk.turns):
                self.counts.put_aside(story_id, Counted(reason))  # once: the question is gone with its answer
            for turn in talk.turns:
                if turn.asks:
                    turn.asks, turn.drawn = "", None
            return self._answered(key, talk, session, Turn(said, reply, True, before))

    def choose(self, key: str, dials: Dials, lang: str, country: str | None) -> str:
        """What the person wants of stories from now on, all of it at once."""
        talk, before = self._talk(key, lang, country)
        with alone(talk):
            session, reply = guarded(lambda: self.turns.choose(talk.session, dials))
            return self._answered(key, talk, session, Turn(spoken(dials, lang), reply, True, before))

    def read(self, key: str, story_id: str, lang: str, country: str | None) -> str:
        """A whole story through the consent gate, asked anew each time; a kind sentence when it is gone."""
        talk, _ = self._talk(key, lang, country)
        with alone(talk):
            talk.steps += 1
            view = guarded(lambda: self.turns.read(talk.session, story_id))
            told = self._told.get(talk)
            drawn = story_html(
                view,
                story_id,
                lang,
                talk.steps,
                asking=self.counts.enabled,
                felt=told.felt.get(story_id) if told else None,
                without=talk.session.dials.without,
            )
            talk.reading = str(talk.steps)
            if view is not None:
                self.counts.read(story_id)
            return drawn

    def closed(self, key: str, step: str) -> bool:
        """Whether the story that was opened at `step` is still the last one opened: then its view is to be emptied."""
        talk = self.talks.get(key)
        return talk is not None and talk.reading == step

    def felt(self, key: str, story_id: str, what: str, lang: str, country: str | None) -> None:
        """The person said what a story left them feeling (one of `FELT`): counted once in a conversation, and moved
        when they say something else. After "heavier" lighter stories come first, until that is said of none any more.
        """
        if not self.counts.enabled or what not in FELT:
            return
        now = Counted(what)
        talk, _ = self._talk(key, lang, country)
        with alone(talk):
            told = self._told.setdefault(talk, Told())
            before = told.felt.get(story_id)
            if before is now or story_id not in guarded(lambda: self.turns.visible([story_id])):
                return
            told.felt[story_id] = now
            self.counts.felt(story_id, now, before)
            heavy = Counted.HEAVIER in told.felt.values()
            if heavy and not talk.session.lighter:
                told.lightened = True
                talk.session = talk.session.model_copy(update={"lighter": True, "franker": False})
            elif not heavy and told.lightened:
                told.lightened = False
                talk.session = talk.session.model_copy(update={"lighter": False})

    def without(self, key: str, note: str, on: bool, lang: str, country: str | None) -> None:
        """From now on no stories with this content note (an id) in this conversation; on=False: again with it."""
        if note not in vocabulary.ids("content_notes"):
            return
        talk, _ = self._talk(key, lang, country)
        with alone(talk):
            dials = talk.session.dials
            notes = dials.without | {note} if on else dials.without - {note}
            talk.session = talk.session.model_copy(update={"dials": replace(dials, without=notes)})

    def country(self, key: str, lang: str, country: str) -> None:
        """The person chose another country for the help lines."""
        talk, _ = self._talk(key, lang, country)
        with alone(talk):
            talk.session = talk.session.model_copy(update={"country": country})

    def let_go(self) -> None:
        """Drop the words of stories that may no longer be shown from every open conversation, also where nobody asks
        for anything more. A conversation that is being answered does it by itself."""
        for talk in self.talks.every():
            if talk.lock.acquire(blocking=False):
                try:
                    self._let_go(talk.turns)
                finally:
                    talk.lock.release()

    def _let_go(self, turns: Sequence[Turn]) -> None:
        """What is drawn again passes the consent gate again: a story may have been withdrawn since it was shown."""
        held = set().union(*(one.story_ids() for one in turns))
        if held and (gone := held - guarded(lambda: self.turns.visible(held))):
            for one in turns:
                one.let_go(gone)

    def _talk(self, key: str, lang: str, country: str | None) -> tuple[Talk, str | None]:
        """The page's conversation. One that was forgotten meanwhile starts anew, and the answer says so."""
        talk = self.talks.get(key)
        if talk is not None:
            return talk, None
        session, _ = guarded(lambda: self.turns.start(lang, country))
        return self.talks.put(key, session), "fresh"

    def _answered(self, key: str, talk: Talk, session: Session, turn: Turn) -> str:
        if not self.talks.is_open(key, talk):  # forgotten while the answer was being made: it is dropped
            return ""
        # Before anything is changed, so that an answer that fails here can be asked for once more.
        self._let_go((*talk.turns, turn))
        if talk.due_reminder():
            turn.before = "notice.again"
        talk.session = session
        talk.answered = time.monotonic()
        if turn.reply.kind == "started_over":  # it says that all is forgotten, and so it is
            talk.turns.clear()
            self._told.pop(talk, None)
            talk.dropped = 0
            turn.said = None
        talk.add(turn)
        drawn = self._drawn(talk)
        self.counts.shown(card.id for card in turn.reply.cards if card.id not in turn.gone)
        self.counts.referred(turn.reply)
        return drawn

    def _drawn(self, talk: Talk) -> str:
        """The conversation as the page shows it; where themes are counted, an answer says how to name a missing one."""
        lang, missing = talk.session.lang, self.counts.enabled
        for turn in talk.turns:
            if turn.drawn is None:
                values = {
                    "turn": turn,
                    "reply": turn.reply,
                    "scripts": True,
                    "country": "",
                    "missing": missing,
                    "new_york": self.new_york,
                }
                turn.drawn = str(draw("turn.html", lang, **values))
        return talk_html(talk)
