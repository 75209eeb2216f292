"""The conversations that are open right now: in memory, one per page, gone when forgotten.

A `Talk` holds the typed Session and the answers already drawn. It lives here and not in Gradio's own state, because
forgetting has to be one act that we own: Gradio keeps its state for an hour after a page closes.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.conversation import Excerpt, Reply, Session, StoryCard

TURNS_SHOWN = 24  # older answers leave the page, so that one answer stays small on a weak connection
REMIND_AFTER = 3 * 60 * 60  # seconds; "this is a computer program" is said again after three hours


@dataclass(eq=False)
class Turn:
    """One exchange: what the person wrote or chose (None at the opening) and the answer to it."""

    said: str | None
    reply: Reply
    chose: bool = False  # `said` names a button that was pressed, not words that were typed
    before: str | None = None  # a word key that is said first, for example that the past was forgotten
    aside: set[str] = field(default_factory=set)  # story ids that were set aside: their cards fold to one line
    about: tuple[str, str] | None = None  # (story id, what is said once it is gone) when `said` names a story
    asks: str = ""  # id of the story of which the page may ask what it was, or "": a question that may be left alone
    gone: set[str] = field(default_factory=set)  # story ids whose consent ended since: nothing of them is held here
    drawn: str | None = None  # the HTML of this turn, once drawn

    def story_ids(self) -> set[str]:
        """Every story of which this turn still holds words."""
        named = {self.about[0]} if self.about else set()
        return (named | {card.id for card in self.reply.cards}) - self.gone

    def let_go(self, ids: set[str]) -> None:
        """Drop the words of stories that may no longer be shown: excerpt, title and name, and the drawing of them."""
        leaving = self.story_ids() & ids
        if not leaving:
            return
        self.gone |= leaving
        cards = tuple(_emptied(card) if card.id in leaving else card for card in self.reply.cards)
        self.reply = self.reply.model_copy(update={"cards": cards})
        if self.about and self.about[0] in leaving:
            self.said, self.about = self.about[1], None
        self.drawn = None


def _emptied(card: StoryCard) -> StoryCard:
    """A card with nothing of its story but the id, which holds its place in the conversation."""
    nothing = Excerpt(part="", part_label="", text="", mark=(0, 0), before=False, after=False)
    empty = {"title": "", "narrator": "", "stage": None, "content_notes": (), "why": (), "excerpt": nothing}
    return card.model_copy(update=empty)


@dataclass(eq=False)
class Talk:
    """One open conversation. `token` names it to our own routes; it is random and never in an address."""

    session: Session
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    turns: list[Turn] = field(default_factory=list)
    dropped: int = 0  # turns that are no longer shown
    reading: str = ""  # the step at which the last whole story was opened
    steps: int = 0  # answers given so far; makes each rendering differ from the one before
    answered: float = 0.0  # when the last answer was made, on the monotonic clock
    lock: threading.Lock = field(default_factory=threading.Lock)
    places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(2))  # see talk.alone
    used: float = field(default_factory=time.monotonic)
    reminded: float = field(default_factory=time.monotonic)

    def add(self, turn: Turn) -> None:
        self.turns.append(turn)
        self.steps += 1
        extra = len(self.turns) - TURNS_SHOWN
        if extra > 0:
            del self.turns[:extra]
            self.dropped += extra

    def just_said(self, text: str, seconds: float) -> bool:
        """Whether the last turn answers these very words, and was made in the last so many seconds."""
        last = self.turns[-1] if self.turns else None
        return bool(
            last and not last.chose and last.said and last.said == text and time.monotonic() - self.answered < seconds
        )

    def memory(self) -> dict[str, int]:
        """How much is held of this conversation: messages, and ids of stories and groups that were shown."""
        messages = {turn.said for turn in self.turns if turn.said and not turn.chose} | set(self.session.shares)
        session = self.session
        return {
            "messages": len(messages),
            "stories": len({*session.shown, *session.refused}),
            "groups": len({*session.groups_shown}),
        }

    def due_reminder(self) -> bool:
        """True once when three hours have passed since the person was last told that this is a program."""
        now = time.monotonic()
        if now - self.reminded < REMIND_AFTER:
            return False
        self.reminded = now
        return True

    def title_of(self, story_id: str) -> str | None:
        """The title under which a story was shown in this conversation."""
        for turn in reversed(self.turns):
            for card in turn.reply.cards:
                if card.id == story_id and card.id not in turn.gone:
                    return card.title
        return None


class Talks:
    """Every open conversation, by the page's key. Thread-safe. At most `most` are held: the stalest leaves first."""

    def __init__(self, idle_seconds: float, most: int = 2000, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle = idle_seconds
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._by_key: OrderedDict[str, Talk] = OrderedDict()
        self._by_token: dict[str, str] = {}

    def get(self, key: str) -> Talk | None:
        """The conversation of a page, or None when it was forgotten. Counts as a use."""
        with self._lock:
            talk = self._by_key.get(key)
            if talk is None:
                return None
            if self._clock() - talk.used > self._idle:
                self._drop(key)
                return None
            talk.used = self._clock()
            self._by_key.move_to_end(key)
            return talk

    def put(self, key: str, session: Session) -> Talk:
        """Open a conversation for a page; one that was there before is forgotten."""
        with self._lock:
            self._drop(key)
            while len(self._by_key) >= self._most:
                self._drop(next(iter(self._by_key)))
            talk = Talk(session)
            talk.used = talk.reminded = self._clock()
            self._by_key[key] = talk
            self._by_token[talk.token] = key
            return talk

    def is_open(self, key: str, talk: Talk) -> bool:
        """False when this very conversation was forgotten while an answer to it was being made."""
        with self._lock:
            return self._by_key.get(key) is talk

    def key_of(self, token: str) -> str | None:
        with self._lock:
            return self._by_token.get(token)

    def forget(self, key: str) -> None:
        with self._lock:
            self._drop(key)

    def every(self) -> list[Talk]:
        """Every open conversation; it does not count as a use."""
        with self._lock:
            return list(self._by_key.values())

    def idle(self) -> list[str]:
        """Keys of conversations that nobody has used for the idle time."""
        now = self._clock()
        with self._lock:
            return [key for key, talk in self._by_key.items() if now - talk.used > self._idle]

    def __contains__(self, key: str) -> bool:
        with self._lock:
            return key in self._by_key

    def __len__(self) -> int:
        return len(self._by_key)

    def _drop(self, key: str) -> None:
        talk = self._by_key.pop(key, None)
        if talk is not None:
            self._by_token.pop(talk.token, None)
            talk.turns.clear()
            talk.session = Session()
