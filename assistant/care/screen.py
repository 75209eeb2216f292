"""Read one message before anything else does, and say how much care it calls for.

Rules in five languages at once (people mix languages): `rules/<lang>.yaml` holds what is looked for, in phrases that
anyone can read, each with examples that are its tests. This file only knows how rules, guards and earlier turns
combine. Tiers and their meaning: 0 ordinary, 1 check-in, 2 crisis, 3 emergency (it is happening now).

`screener.py` adds what the trained heads say of the same message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from assistant.care.kept_phrases import parsed
from assistant.care.normalise import Lexicon, fold, one_edit, sentences, unbroken
from assistant.care.phrases import Phrases, Span
from corpus.yaml_file import read_yaml

LANGUAGES = ("en", "es", "fr", "de", "pt")
CATEGORIES = (
    "suicidal", "suicidal_passive", "self_harm", "overdose", "violence_from_other", "danger_to_others",
    "medical_emergency", "minor_at_risk", "worry_about_other", "suicide_bereavement", "eating_danger",
    "command_voices", "clinical",
)  # fmt: skip
RULES = Path(__file__).parent / "rules"
Who = Literal["self", "other", "unknown"]

REMEMBERED = 12  # turns for which a crisis still counts; after that a conversation starts afresh
NEAR = 5  # words: how far a "before" guard or a blocker ("but", "tonight") reaches
# Signs of wanting to die that are each only a reason to check in; several different ones together are a crisis.
GUARDS = ("past", "well_now", "negated", "figurative", "informational", "lyric")
GATHERING, GATHERED = frozenset({"suicidal", "suicidal_passive", "self_harm"}), 3


class Screen(BaseModel, frozen=True):
    """What one message calls for. Holds no word of the message, so it may be kept for the length of a session.

    tier: 0 ordinary, 1 check-in, 2 crisis, 3 emergency. categories: of `CATEGORIES`, in that order.
    clinical: a question for a clinician. stopping: about stopping something that is dangerous to stop suddenly.
    who: whom it is about. why: ids of the rules, guards and heads that decided. faint: a check-in that only the heads
    saw, and hardly: two of these in a row are no crisis.
    """

    tier: int = 0
    categories: tuple[str, ...] = ()
    clinical: bool = False
    stopping: bool = False
    who: Who = "unknown"
    why: tuple[str, ...] = ()
    faint: bool = False


class Rule(BaseModel, frozen=True, extra="forbid"):
    """One thing that is looked for. `tier` 0 only adds its category to what other rules found (an age, a question).

    after: only when an earlier turn had at least this tier ("I took them"). weak: silent in a sentence that is
    about someone else by another rule ("lost him to suicide").
    """

    id: str
    category: Literal[CATEGORIES]  # type: ignore[valid-type]
    tier: Literal[0, 1, 2, 3]
    phrases: tuple[str, ...]
    who: Who = "unknown"
    after: int = 0
    weak: bool = False
    stopping: bool = False
    examples: tuple[str, ...]
    no: tuple[str, ...] = ()


class Guard(BaseModel, frozen=True, extra="forbid"):
    """A reason to read a rule's words one tier lower, never two, and never for an emergency.

    reach: where it counts: "before" (starts at most five words before the rule's words), "sentence", "message".
    only: the categories that it can lower (empty: all).
    """

    id: str
    reach: Literal["before", "sentence", "message"]
    phrases: tuple[str, ...]
    only: tuple[str, ...] = ()
    examples: tuple[str, ...]
    no: tuple[str, ...] = ()


class Hit(NamedTuple):
    """A rule that matched, and the tier that is left after the guards."""

    rule: Rule
    tier: int
    lowered_by: str | None


class Book(NamedTuple):
    """All rule files together, ready to search. Phrase owners: rules, then guards, then blockers (-1), by number."""

    rules: tuple[Rule, ...]
    guards: tuple[Guard, ...]
    phrases: Phrases
    yes: frozenset[str]
    fine: frozenset[str]
    lexicon: Lexicon


def read_file(lang: str) -> dict[str, Any]:
    """One language's rule file. Blocks of text become lists of lines, and `not:` is called `no` here."""
    data: dict[str, Any] = read_yaml(RULES / f"{lang}.yaml")
    for entry in [*data["rules"], *data["guards"]]:
        entry["no"] = entry.pop("not", "")
        for key in ("phrases", "examples", "no"):
            entry[key] = lines(entry[key])
    for key in ("stems", "stems_not", "disguised", "fillers"):
        data[key] = data.get(key, "").split()
    for key in ("blockers", "bare_yes", "bare_fine"):
        data[key] = lines(data[key])
    if data["fillers"]:  # they are left out of messages, so they cannot stand in phrases either
        filler = re.compile(r"\b(?:" + "|".join(data["fillers"]) + r")\b")
        for entry in [*data["rules"], *data["guards"]]:
            entry["phrases"] = [filler.sub("", p) for p in entry["phrases"]]
    data["words"] = {name: [text] for name, text in data.get("words", {}).items()}
    return data


def lines(block: str) -> list[str]:
    """The lines of a block of text that hold something."""
    return [line.strip() for line in block.splitlines() if line.strip()]


@lru_cache(maxsize=1)
def book() -> Book:
    """Read and compile every rule file, once, on the first message."""
    rules: list[Rule] = []
    guards: list[Guard] = []
    blockers: list[tuple[int, str, dict[str, list[str]]]] = []
    phrases: list[tuple[int, str, dict[str, list[str]]]] = []
    slang: dict[str, str] = {}
    stems: set[str] = set()
    keep: set[str] = set()
    disguised: set[str] = set()
    fillers: set[str] = set()
    yes: set[str] = set()
    fine: set[str] = set()
    files = [read_file(lang) for lang in LANGUAGES]
    for data in files:
        lists = data["words"]
        for entry in data["rules"]:
            rules.append(Rule(**entry))
            phrases += [(len(rules) - 1, p, lists) for p in rules[-1].phrases]
        blockers += [(-1, p, lists) for p in data["blockers"]]
        slang |= {fold(k): fold(v) for k, v in data.get("slang", {}).items()}
        stems |= {fold(w) for w in data["stems"]}
        keep |= {fold(w) for w in data["stems_not"]}
        disguised |= {fold(w) for w in data["disguised"]}
        fillers |= {fold(w) for w in data["fillers"]}
        yes |= {" ".join(fold(w).split()) for w in data["bare_yes"]}
        fine |= {" ".join(fold(w).split()) for w in data["bare_fine"]}
    for data in files:
        for entry in data["guards"]:
            guards.append(Guard(**entry))
            phrases += [(len(rules) + len(guards) - 1, p, data["words"]) for p in guards[-1].phrases]
    typos = {typo: stem for stem in sorted(stems) for typo in one_edit(stem)}
    # A word that some phrase spells out is not a misspelling of another.
    spelled = set(re.findall(r"[^\W_]+", fold(" ".join(p for _, p, _ in [*phrases, *blockers]))))
    for data in files:
        spelled.update(
            re.findall(r"[^\W_]+", fold(" ".join(text for entries in data["words"].values() for text in entries)))
        )
    for word in stems | keep | set(slang) | spelled:
        typos.pop(word, None)
    return Book(
        tuple(rules), tuple(guards), parsed("screen", [*phrases, *blockers]), frozenset(yes), frozenset(fine),
        Lexicon(slang, typos, frozenset(disguised | stems | set(slang)), frozenset(fillers)),
    )  # fmt: skip


class Reading(NamedTuple):
    """What the rules make of one message by itself. Holds its words: to be dropped with the turn."""

    plain: tuple[str, ...]  # sentences as care/normalise.py makes them
    features: NDArray[np.float32]  # what the heads are told of the rules: see `_features`
    screen: Screen


def screen(
    text: str, before: Sequence[Screen] = (), weighed: Callable[[Reading], Screen] = lambda reading: reading.screen
) -> Screen:
    """How much care this message calls for, by the rules alone unless `weighed` adds something to them; `before` are
    the screens of earlier turns, oldest first. Never raises."""
    lately = tuple(before)[-REMEMBERED:]
    reading = read(text, max((s.tier for s in lately), default=0))
    return over_turns(weighed(reading), reading.plain, lately)


def read(text: str, earlier: int = 0) -> Reading:
    """What the rules make of a message; `earlier` is the highest tier of the turns before."""
    lexicon = book().lexicon
    plain = tuple(sentences(text, lexicon))
    hits, guards = _hits(plain, earlier)
    found = _combine(hits)
    if (whole := unbroken(text)) != text:  # "I want to... die": the more pressing reading counts
        other_hits, _ = _hits(sentences(whole, lexicon), earlier)
        other = _combine(other_hits)
        if other.tier > found.tier:
            found, hits = other, other_hits
    return Reading(plain, _features(hits, guards), found)


def _features(hits: Sequence[Hit], guards: frozenset[str]) -> NDArray[np.float32]:
    """float32[n]: for each category whether a rule of it is left at tier 0, 1, 2, 3; then which guards matched
    anywhere, by the last part of their names; then whether there was no rule at all."""
    row = np.zeros(4 * len(CATEGORIES) + len(GUARDS) + 1, dtype=np.float32)
    for hit in hits:
        row[4 * CATEGORIES.index(hit.rule.category) + hit.tier] = 1
    for place, name in enumerate(GUARDS):
        row[4 * len(CATEGORIES) + place] = name in guards
    row[-1] = not hits
    return row


def _hits(plain: Sequence[str], earlier_tier: int) -> tuple[list[Hit], frozenset[str]]:
    """Rules that match, each once, at the highest tier that its places keep after the guards; and the last parts of
    the names of all guards that match anywhere."""
    rules, guards = book().rules, book().guards
    spans = list(book().phrases.find(plain))
    blockers = [s for s in spans if s.owner < 0]
    excuses = [s for s in spans if s.owner >= len(rules)]
    about_others = {s.sentence for s in spans if 0 <= s.owner < len(rules) and rules[s.owner].who == "other"}
    best: dict[int, Hit] = {}
    for span in spans:
        if not 0 <= span.owner < len(rules) or rules[span.owner].after > earlier_tier:
            continue
        rule = rules[span.owner]
        if rule.weak and span.sentence in about_others:
            continue
        guard = None
        if 0 < rule.tier < 3:
            guard = next(
                (
                    guards[e.owner - len(rules)].id
                    for e in excuses
                    if _excuses(guards[e.owner - len(rules)], rule, e, span) and not _blocked(span, e, blockers)
                ),
                None,
            )
        hit = Hit(rule, rule.tier - 1 if guard else rule.tier, guard)
        if span.owner not in best or best[span.owner].tier < hit.tier:
            best[span.owner] = hit
    return list(best.values()), frozenset(guards[s.owner - len(rules)].id.split(".")[-1] for s in excuses)


def _excuses(guard: Guard, rule: Rule, at: Span, span: Span) -> bool:
    if guard.id[:2] != rule.id[:2]:  # "no" is one thing in Spanish and another in English
        return False
    if guard.only and rule.category not in guard.only:
        return False
    if guard.reach == "message":  # far away: good for calming a crisis, not for silencing a check-in
        return rule.tier == 2
    if at.sentence != span.sentence:
        return False
    return guard.reach == "sentence" or span.first - NEAR <= at.first < span.first


def _blocked(span: Span, excuse: Span, blockers: Sequence[Span]) -> bool:
    """'I'm fine, but tonight …': a word such as but, again, tonight next to the rule's words cancels the guard."""
    for b in blockers:
        if b.sentence != span.sentence:
            continue
        inside_excuse = b.sentence == excuse.sentence and excuse.first <= b.first and b.last <= excuse.last
        if not inside_excuse and span.first - NEAR <= b.first and b.last <= span.last + NEAR:
            return True
    return False


def _combine(hits: Sequence[Hit]) -> Screen:
    tier = max((h.tier for h in hits), default=0)
    why = [h.rule.id for h in hits]
    gathered = {h.rule.id for h in hits if h.tier == 1 and h.lowered_by is None and h.rule.category in GATHERING}
    if tier == 1 and len(gathered) >= GATHERED:
        tier = 2
        why.append("several_signs")
    # What was lowered to nothing, or only adds to others, is named only when something else calls for care.
    kept = [h for h in hits if h.tier > 0 or h.rule.category == "clinical" or (tier > 0 and h.rule.tier == 0)]
    named = {h.rule.category for h in kept}
    whose = {h.rule.who for h in kept if h.tier == max(k.tier for k in kept)} if kept else set()
    who: Who = "self" if "self" in whose else "other" if "other" in whose else "unknown"
    return Screen(
        tier=tier,
        categories=tuple(c for c in CATEGORIES if c in named),
        clinical="clinical" in named,
        stopping=any(h.rule.stopping for h in kept),
        who=who,
        why=tuple(dict.fromkeys([*why, *(h.lowered_by for h in hits if h.lowered_by)])),
    )


def over_turns(found: Screen, plain: Sequence[str], before: Sequence[Screen]) -> Screen:
    """Risk persists: a conversation is not a row of separate messages. `before`: oldest first."""
    if not before:
        return found
    last = before[-1]
    only_a_loss = found.categories == ("suicide_bereavement",)  # to speak of it twice is grief, not risk
    if found.tier == 1 and last.tier == 1 and not only_a_loss and not (found.faint or last.faint):
        return found.model_copy(update={"tier": 2, "why": (*found.why, "two_check_ins")})
    if found.tier > 0:
        return found
    bare = " ".join(" ".join(plain).split())
    source = next((s for s in reversed(before) if s.tier > 0), last)
    if last.tier > 0 and bare in book().yes:
        return _held(found, source, 2, "yes_after_check_in")
    if max(s.tier for s in before) >= 2:
        return _held(found, source, 1, "held_after_crisis")
    if last.tier == 1 and bare in book().fine:
        return _held(found, source, 1, "fine_after_check_in")
    return found


def _held(found: Screen, source: Screen, tier: int, why: str) -> Screen:
    named = {*found.categories, *source.categories} - ({"clinical"} if not found.clinical else set())
    return found.model_copy(
        update={
            "tier": tier,
            "categories": tuple(c for c in CATEGORIES if c in named),
            "who": source.who,
            "why": (*found.why, why),
        }
    )
