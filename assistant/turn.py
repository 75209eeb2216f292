"""One chat turn, a straight line: care, understanding, finding, wording, check.

`Turn` holds no conversation. A Session comes in and a new one goes out; dropping it is forgetting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal

from assistant.cards import evidence, story_card, story_view
from assistant.care import Help, Screen, Screener, check_reply, help_for
from assistant.care.screener import embedded
from assistant.conversation import GroupCard, Reply, ReplyKind, Session, StoryCard, StoryView
from assistant.group_talk import answer, is_of_groups, town_in
from assistant.group_wishes import ANY
from assistant.language import READ, unread_language
from assistant.looking import chips_of, groups_for, helped_across, helped_one, openings, query_of
from assistant.tidy import tidy
from assistant.understand import Understood, meant, turned, unasked, understand
from assistant.voice import PlainVoice, Telling, Voice, pick
from assistant.words import languages, say
from corpus.store import Store, utc_now
from corpus.types import Purpose
from index.find import Finder, Match
from index.places import Town
from index.query import FIRST_TURNS, LAST_TURNS, Dials, Sense, of_turns

LONGEST = 8000  # characters of one message that are searched; care reads all of it
_MOST_QUESTIONS = 1  # gentle questions before searching with whatever there is
_SHOWN = 3
Feedback = Literal["lighter", "franker", "not_like_me"]
_NEAREST = 2  # stories shown when none is close
_CRISIS = 2


class Turn:
    """Answers messages over one store, one finder and one voice. May be used from several threads."""

    def __init__(
        self,
        store: Store,
        finder: Finder,
        voice: Voice,
        *,
        screen: Screener | None = None,
        minutes: int = 15,
        now: Callable[[], datetime] = utc_now,
        towns: Callable[[str], Sequence[Town]] = lambda _: (),
    ) -> None:
        """towns: the places that the directory of groups knows by a name, without making anybody wait."""
        self._screen = screen or Screener()  # by the rules alone
        self._store = store
        self._finder = finder
        self._voice = voice
        self._plain = PlainVoice()
        self._minutes = minutes
        self._now = now
        self._towns = towns

    # --- what a page or a terminal calls ------------------------------------------------------------------------

    def start(self, lang: str = "en", country: str | None = None) -> tuple[Session, Reply]:
        """A new conversation: who is speaking, what is kept, and three ways to begin."""
        session = Session(lang=lang, country=country)
        lead = [say("talk.open", lang), say("talk.open.more", lang)]
        if lang not in READ:
            lead.append(say("talk.open.read", lang))
        if self._voice.name:
            lead.append(say("talk.model", lang, model=self._voice.name))
        if self._store.shows_samples():
            lead.append(say("talk.samples", lang))
        return session, Reply(kind="hello", lead=tuple(lead), lang=lang, chips=openings(lang))

    def respond(self, session: Session, text: str) -> tuple[Session, Reply]:
        """Answer one message. Any text is allowed; what it calls for in care comes before anything else."""
        text = meant(tidy(text))
        # Embedded once for care and for finding, where both look at the same words by the same model.
        sense = self._finder.sense(embedded(text)) if self._screen.reads_by(self._finder.embedder) else None
        seen = self._screen(text, session.screens, sense.vector if sense else None)
        of = session.groups_turn  # the talk may be of groups; this turn decides anew
        session = session.model_copy(update={"screens": (*session.screens, seen)[-20:], "groups_turn": ""})
        foreign = unread_language(text)
        asked = understand(text)
        if seen.tier >= _CRISIS or seen.clinical:
            return self._help(session, text, asked, seen, foreign)
        if foreign:
            return self._unread(session, seen, foreign)
        if len(text) > LONGEST:
            return self._say(session, "too_long", "talk.too_long", limit=LONGEST)

        if of == "town" and (named := town_in(text, self._towns)):
            asked = named
        elif asked.intent == "groups" and not is_of_groups(asked, session, of, self._towns):
            asked = unasked(text)
        if asked.intent in ("share", "little", "wordless"):
            if of == "about" and asked.intent != "wordless":  # what a group should be about was asked
                return self._groups(self._remember(session, text), Understood("groups"))
            return self._share(session, text, asked, sense)
        if of == "shown" and asked.intent == "not_this":  # none of these groups: the next ones
            return self._groups(session, Understood("groups"))
        return self._request(session, asked)

    def more_like(self, session: Session, story_id: str) -> tuple[Session, Reply]:
        """Stories near to one that was shown."""
        if emergency := self._emergency(session):
            return session, emergency
        return self._stories(session, like=(story_id,), lead_key="talk.more")

    def not_for_me(self, session: Session, story_id: str) -> tuple[Session, Reply]:
        """Put one story aside for this conversation, and offer one other."""
        if emergency := self._emergency(session):
            return session, emergency
        refused = tuple(dict.fromkeys((*session.refused, story_id)))
        session = session.model_copy(
            update={"refused": refused, "last": tuple(i for i in session.last if i != story_id)}
        )
        return self._instead(session)

    def feedback(self, session: Session, said: Feedback, story_id: str | None = None) -> tuple[Session, Reply]:
        """ "Too heavy", "too rosy" or "not like me" of one story, or of those last shown: they are put aside, and
        what comes next is looked for differently for the rest of this conversation."""
        if emergency := self._emergency(session):
            return session, emergency
        if not session.shares and not session.last:
            return self._say(session, "question", "talk.little")
        aside = session.last if story_id is None else (story_id,)
        changed: dict[str, object] = {
            "refused": tuple(dict.fromkeys((*session.refused, *aside))),
            "last": tuple(id for id in session.last if id not in aside),
        }
        if said == "lighter":
            changed |= {"lighter": True, "franker": False}
        elif said == "franker":
            changed |= {"franker": True, "lighter": False, "hopeful": False}
        else:
            changed["strangers"] = tuple(dict.fromkeys((*session.strangers, *aside)))
        return self._stories(session.model_copy(update=changed), lead_key=f"talk.{said}")

    def not_today(self, session: Session) -> tuple[Session, Reply]:
        """A story that was put aside was only not for today: no other is offered until it is asked for."""
        if emergency := self._emergency(session):
            return session, emergency
        return self._say(session, "ok", "talk.not_today", "chip.listen", "chip.group", "chip.stories")

    def choose(self, session: Session, dials: Dials) -> tuple[Session, Reply]:
        """Turn the dials: what the person wants of stories from now on. `Dials()` undoes every choice."""
        if emergency := self._emergency(session):
            return session, emergency
        session = session.model_copy(update={"dials": dials})
        if not session.shares:
            return self._say(session, "ok", "talk.dials.kept" if dials != Dials() else "talk.dials.none")
        return self._stories(session, lead_key="talk.dials" if dials != Dials() else "talk.dials.none")

    def read(self, session: Session, story_id: str) -> StoryView | None:
        """A whole story, as its consent allows at this moment; None when it left or rests."""
        visible = self._store.visible([story_id], Purpose.SURFACE).get(story_id)
        if visible is None:
            return None
        passage = dict(session.matches).get(story_id)
        span = visible.passages.get(passage) if passage is not None else None
        if span is not None and session.shares:
            span = evidence(of_turns(session.shares), visible.story, span)
        return story_view(visible.story, span, session.lang)

    def visible(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of `ids` that may be shown at this moment: to be asked before anything is shown again."""
        return frozenset(self._store.visible(ids, Purpose.SURFACE))

    # --- care ---------------------------------------------------------------------------------------------------

    def _help(
        self, session: Session, text: str, asked: Understood, seen: Screen, foreign: str | None
    ) -> tuple[Session, Reply]:
        """Help first, and no stories. What was said is kept in the conversation: the person may go on from it. Who asks
        for no stories about such things gets help first too, and what was asked for holds from then on."""
        lang = foreign if foreign in languages() else session.lang
        if asked.intent == "dial":
            session = session.model_copy(update={"dials": turned(session.dials, asked.dials)})
        else:
            session = self._remember(session, text)
        chips = () if seen.tier == 3 else chips_of(session.lang, "chip.stories", "chip.listen")
        return session, Reply(
            kind="help",
            lang=lang,
            help=help_for(seen, session.country, lang),
            chips=chips,
            notice=say("talk.notice.help", session.lang),
        )

    def _unread(self, session: Session, seen: Screen, foreign: str) -> tuple[Session, Reply]:
        lang = foreign if foreign in languages() else session.lang
        card = help_for(seen if seen.tier else Screen(tier=1), session.country, lang)
        return session, Reply(kind="unread_language", lead=(say("talk.unread", lang),), lang=lang, help=card)

    def _emergency(self, session: Session) -> Reply | None:
        """When the last message told of an emergency, a button brings the help again and no story."""
        latest = session.screens[-1] if session.screens else None
        if latest is None or latest.tier < 3:
            return None
        notice = say("talk.notice.help", session.lang)
        return Reply(
            kind="help", lang=session.lang, help=help_for(latest, session.country, session.lang), notice=notice
        )

    # --- a share ------------------------------------------------------------------------------------------------

    def _share(self, session: Session, text: str, asked: Understood, sense: Sense | None) -> tuple[Session, Reply]:
        if asked.intent == "wordless":
            return self._say(session, "question", "talk.wordless")
        if session.listening:
            session = self._remember(session, text)
            chips = ("chip.stories", "chip.group")
            return self._say(session, "listening", "talk.listening", *chips)
        if asked.intent == "little" and session.asked < _MOST_QUESTIONS and not session.shares:
            session = self._remember(session, text).model_copy(update={"asked": session.asked + 1})
            return self._say(session, "question", "talk.little", "chip.listen")
        return self._stories(self._remember(session, text), said=text, sense=sense)

    @staticmethod
    def _remember(session: Session, text: str) -> Session:
        text = text[:LONGEST]
        if text in session.shares:
            return session
        shares = (*session.shares, text)
        return session.model_copy(update={"shares": (*shares[:FIRST_TURNS], *shares[FIRST_TURNS:][-LAST_TURNS:])})

    def _stories(
        self,
        session: Session,
        *,
        said: str = "",
        sense: Sense | None = None,
        like: tuple[str, ...] = (),
        hopeful: bool = False,
        count: int = _SHOWN,
        lead_key: str = "",
    ) -> tuple[Session, Reply]:
        """Find stories for the conversation so far, and groups beside them."""
        lang = session.lang
        shares = of_turns(session.shares)
        if sense is None or sense.text != shares:
            sense = self._finder.sense(shares) if shares else None
        query = query_of(session, sense, count, like=like, hopeful=hopeful)
        matches = self._finder.find(query)
        close = [match for match in matches if match.close]
        touched = sense.touched if sense else ()
        groups: tuple[GroupCard, ...] = ()
        if sense:
            most = 1 if close else 2
            groups = groups_for(
                self._finder, self._store, session, sense, self._towns, self._now(), close=close, count=most
            ).cards
        cards = [
            story_card(
                m,
                said=shares,
                themes=touched,
                lang=lang,
                like=bool(like),
                hopeful=hopeful,
                dials=session.dials,
                rare=self._finder.collection.rarity,
            )
            for m in (close or matches[:_NEAREST])
        ]

        lead: tuple[str, ...]
        if close:
            kind: ReplyKind = "stories"
            lead = (
                pick(lead_key, session.said, lang) if lead_key else self._lead(session, said or shares, touched, close)
            )
        elif session.shown or like:
            kind, cards = "nothing_close", []
            lead = pick("talk.no_more", session.said, lang, again=True)
        else:
            kind = "nothing_close"
            lead = pick("talk.nothing", session.said, lang, again=True)
            lead += pick("talk.nearest", session.said, lang, again=True) if cards else ()
        session = self._show(session, cards, matches).model_copy(
            update={
                "said": (*session.said, *lead),
                "groups_shown": (*session.groups_shown, *(g.id for g in groups)),
                "groups_turn": "",
                "listening": False,
                "hopeful": session.hopeful or hopeful,
            }
        )
        count_said = len(cards)
        notice = (
            "talk.notice.plain" if not count_said else "talk.notice.one" if count_said == 1 else "talk.notice.stories"
        )
        return session, Reply(
            kind=kind,
            lead=lead,
            lang=lang,
            help=self._card(session),
            cards=tuple(cards),
            groups=groups,
            chips=chips_of(lang, "chip.hopeful", "chip.helped", "chip.group", "chip.listen")
            if close
            else chips_of(lang, "chip.group", "chip.listen"),
            notice=say(notice, lang, count=count_said),
        )

    def _lead(self, session: Session, said: str, touched: Sequence[str], close: Sequence[Match]) -> tuple[str, ...]:
        """The voice's sentence, checked; a breach gives the plain voice.

        A theme is named only when the message itself touches it *and* a story shown tells of it: what stories happen
        to share could put a word (suicide, say) where nobody had spoken of it.
        """
        told = {theme for match in close for theme in match.story.themes}
        shared = tuple(theme for theme in touched if theme in told)
        # A model hears nothing of a conversation in which care saw a sign of danger.
        voice = self._plain if any(s.tier for s in session.screens) else self._voice
        allowed: tuple[str, ...] = ()
        if voice.name:
            allowed = tuple(self._store.visible([m.story.id for m in close], Purpose.MODEL))
        stories = tuple(m.story for m in close if m.story.id in allowed)
        telling = Telling(said=said, themes=shared, stories=stories, count=len(close), lang=session.lang)
        lead = voice.lead(telling, session.said)
        if any(check_reply(sentence) for sentence in lead):
            lead = self._plain.lead(telling, session.said)
        return lead

    @staticmethod
    def _show(session: Session, cards: Sequence[StoryCard], matches: Sequence[Match]) -> Session:
        """Note what was shown, so that no story comes twice and "the second one" is known."""
        if not cards:
            return session
        ids = tuple(card.id for card in cards)
        marks = {**dict(session.matches), **{m.story.id: m.passage_id for m in matches if m.story.id in ids}}
        return session.model_copy(
            update={
                "shown": tuple(dict.fromkeys((*session.shown, *ids))),
                "last": ids,
                "matches": tuple(marks.items()),
            }
        )

    @staticmethod
    def _card(session: Session) -> Help | None:
        """The compact help card that stands above an ordinary answer at T1, or None.

        After a crisis (T2) an ordinary answer comes only when the person presses a button: the card stays.
        """
        latest = session.screens[-1] if session.screens else None
        if latest is None or not latest.tier:
            return None
        return help_for(latest.model_copy(update={"tier": 1}), session.country, session.lang)

    # --- requests -----------------------------------------------------------------------------------------------

    def _request(self, session: Session, asked: Understood) -> tuple[Session, Reply]:
        match asked.intent:
            case "start_over":
                fresh, opening = self.start(session.lang, session.country)
                # What care saw holds no word of anybody, and a crisis is not over because a page is empty.
                fresh = fresh.model_copy(update={"screens": session.screens})
                lead = (say("talk.started_over", session.lang),)
                return fresh, Reply(
                    kind="started_over", lead=lead, lang=session.lang, help=self._card(fresh), chips=opening.chips
                )
            case "about":
                session, reply = self._say(session, "about", "talk.about", "chip.privacy")
                return session, reply.model_copy(update={"lead": (*reply.lead, say("talk.about.limits", session.lang))})
            case "privacy":
                return self._privacy(session)
            case "listen":
                session = session.model_copy(update={"listening": True})
                return self._say(session, "listening", "talk.listen", "chip.stories")
            case "more_like":
                return self._more_like(session, asked.position)
            case "not_this":
                return self._not_this(session, asked.position)
            case "hopeful" if session.shares:
                return self._stories(session, hopeful=True, lead_key="talk.hopeful")
            case "lighter" | "franker" | "not_like_me":
                return self.feedback(session, asked.intent, _at(session.last, asked.position))
            case "dial":
                if not asked.dials:  # every choice is undone, those of groups too
                    session = session.model_copy(update={"groups_wanted": ANY, "groups_near": ()})
                return self.choose(session, turned(session.dials, asked.dials))
            case "helped":
                return self._helped(session, asked.position)
            case "groups" | "any_group":
                return self._groups(session, asked)
            case "stories" if session.shares:
                return self._stories(session)
            case "ack":
                return self._say(session, "ok", "talk.ack", "chip.stories" if session.shares else "chip.listen")
            case "thanks":
                return self._say(session, "thanks", "talk.thanks")
            case "hello":
                return self._say(session, "hello", "talk.hello")
            case _:  # something was asked of stories before anything was said
                return self._say(session, "question", "talk.little")

    def _privacy(self, session: Session) -> tuple[Session, Reply]:
        lang = session.lang
        lead = [say("talk.privacy", lang, minutes=self._minutes)]
        if self._voice.name:
            lead.append(say("talk.privacy.model", lang, model=self._voice.name))
        lead.append(say("talk.privacy.saved", lang))
        return session, Reply(kind="privacy", lead=tuple(lead), lang=lang, notice=say("talk.notice.plain", lang))

    def _more_like(self, session: Session, position: int | None) -> tuple[Session, Reply]:
        if not session.last:
            return self._stories(session) if session.shares else self._say(session, "question", "talk.little")
        story_id = _at(session.last, position)
        return self._stories(session, like=session.last if story_id is None else (story_id,), lead_key="talk.more")

    def _not_this(self, session: Session, position: int | None) -> tuple[Session, Reply]:
        if not session.last:
            return self._say(session, "question", "talk.little")
        story_id = _at(session.last, position)
        if story_id is not None:
            return self.not_for_me(session, story_id)
        refused = tuple(dict.fromkeys((*session.refused, *session.last)))
        session = session.model_copy(update={"refused": refused, "last": ()})
        return self._instead(session, "talk.set_aside.all", _SHOWN)

    def _instead(self, session: Session, key: str = "talk.set_aside", count: int = 1) -> tuple[Session, Reply]:
        """Something else in place of what was put aside."""
        aside = pick(key, session.said, session.lang, again=True)
        kept = session.last
        session = session.model_copy(update={"said": (*session.said, *aside)})
        session, reply = self._stories(session, count=count, lead_key="talk.instead")
        session = session.model_copy(update={"last": tuple(dict.fromkeys((*kept, *session.last)))})
        kind: ReplyKind = "ok" if not reply.cards else reply.kind
        return session, reply.model_copy(update={"lead": (*aside, *reply.lead), "kind": kind, "groups": ()})

    def _helped(self, session: Session, position: int | None) -> tuple[Session, Reply]:
        """What helped people: of one story shown, or passages of several people beside each other, by kind of
        toolkit."""
        one = _at(session.last, position) if position is not None else None
        if one is not None:
            return self._quoted(session, helped_one(self._store, self._finder, session, one))
        if not session.shares:
            return self._say(session, "question", "talk.helped.first")
        cards, quoted = helped_across(self._finder, session)
        return self._quoted(session.model_copy(update={"quoted": (*session.quoted, *quoted)}), cards)

    def _quoted(self, session: Session, cards: Sequence[StoryCard]) -> tuple[Session, Reply]:
        """An answer of passages in which people say what helped them, or that there is none."""
        lang = session.lang
        if not cards:
            return self._say(session, "helped", "talk.helped.none", "chip.hopeful", "chip.group")
        lead = pick("talk.helped", session.said, lang, again=True)
        session = session.model_copy(
            update={
                "said": (*session.said, *lead),
                "last": tuple(card.id for card in cards),  # a passage is not the story: it may still be shown whole
            }
        )
        notice = say("talk.notice.one" if len(cards) == 1 else "talk.notice.stories", lang, count=len(cards))
        chips = chips_of(lang, "chip.hopeful", "chip.group", "chip.listen")
        return session, Reply(
            kind="helped",
            lead=lead,
            lang=lang,
            help=self._card(session),
            cards=tuple(cards),
            chips=chips,
            notice=notice,
        )

    def _groups(self, session: Session, asked: Understood) -> tuple[Session, Reply]:
        session, reply = answer(session, asked, self._finder, self._store, self._towns, self._now())
        return session, reply.model_copy(update={"help": self._card(session)})

    # --- small things -------------------------------------------------------------------------------------------

    def _say(self, session: Session, kind: ReplyKind, key: str, *chips: str, **slots: object) -> tuple[Session, Reply]:
        """A reply of one sentence: one that was not said before in this conversation, while there is one."""
        lang = session.lang
        lead = pick(key, session.said, lang, again=True, **slots)
        session = session.model_copy(update={"said": (*session.said, *lead)})
        return session, Reply(
            kind=kind,
            lead=lead,
            lang=lang,
            help=self._card(session),
            chips=chips_of(lang, *chips),
            notice=say("talk.notice.plain", lang),
        )


def _at(ids: Sequence[str], position: int | None) -> str | None:
    """The id that "the second one" means; None when no single one is meant and there are several."""
    if position is None:
        return ids[0] if len(ids) == 1 else None
    return ids[position] if -len(ids) <= position < len(ids) else ids[-1]
