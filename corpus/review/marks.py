"""Looking through a story: which rules find what where, and which of it is worth a mark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from corpus import vocabulary
from corpus.review import names, rules, shapes
from corpus.review.findings import Field, Finding, FindingKind, Place
from corpus.review.reading import Reading, read
from corpus.types import Part, PartText

_NEAR = 1  # sentences before and after a place that say what it is about
# A place that two rules found carries one mark: that of the kind named first here.
_ORDER = tuple(FindingKind)
_NAMED = ("titled_name", "relation_name", "full_name")


class _Mark(NamedTuple):
    rule: rules.Rule
    start: int
    end: int
    key: str = ""


class _Text(NamedTuple):
    field: Field
    part: Part | None
    reading: Reading


def review(
    parts: Sequence[PartText],
    content_notes: Sequence[str],
    title: str = "",
    narrator: str = "",
    themes: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """Everything to be pointed out in a story: title, narrator's name, the parts as given, then the whole story.

    content_notes, themes: ids of the vocabulary; those that were chosen.
    In one text, places never overlap but for MISSING_NOTE, which stands at the first words that call for the note.
    Never raises for any text; the time grows with its length. Words are known in English; addresses of mail and web,
    phone numbers, dates and numbers are found in any language that writes them alike.
    """
    chosen, about = tuple(content_notes), frozenset(themes)
    texts = [_Text("title", None, read(title))] if title else []
    texts += [_Text("parts", p.part, read(p.text)) for p in parts]
    called = _called(texts)
    story = about, frozenset(chosen) | frozenset(called)
    found: list[Finding] = []
    if narrator:
        found += _of_the_name(narrator)
    people: dict[str, tuple[int, list[Place]]] = {}
    for text in texts:
        for mark in _marks(text.reading, story, narrator):
            if text.part is not None and mark.rule.id in _NAMED:
                if mark.key in people:
                    people[mark.key][1].append(Place(text.part, mark.start, mark.end))
                    continue
                people[mark.key] = (len(found), [])
            found.append(_finding(mark, text))
    _name_again(found, people, texts)
    found += _missing(called, chosen)
    found += _no_coping(texts, about, story[1])
    order: dict[tuple[Field, Part | None], int] = {("title", None): 0, ("narrator", None): 1}
    order |= {("parts", p.part): 2 + n for n, p in enumerate(parts)}
    return tuple(
        sorted(found, key=lambda f: (order.get((f.field, f.part), len(parts) + 2), f.start, _ORDER.index(f.kind)))
    )


def proposed_notes(parts: Sequence[PartText]) -> tuple[str, ...]:
    """Ids of the content notes that the words call for, in the order of the vocabulary; of two, the finer one."""
    return tuple(_called([_Text("parts", p.part, read(p.text)) for p in parts]))


def stigma(text: str) -> tuple[Finding, ...]:
    """Words that shame in a text that the *program* wrote. `part` is None; `start` and `end` are of the text.

    Only for review notes, questions and words that a proposal adds: a narrator's words about themselves are never
    held against this (PRACTICE R12).
    """
    marks = _settled(_by_phrases(read(text), rules.program_rules(), (frozenset(), frozenset())))
    return tuple(Finding(m.rule.kind, m.rule.id, m.rule.reason, None, m.start, m.end) for m in marks)


def _finding(mark: _Mark, text: _Text) -> Finding:
    return Finding(mark.rule.kind, mark.rule.id, mark.rule.reason, text.part, mark.start, mark.end, field=text.field)


def _marks(reading: Reading, story: tuple[frozenset[str], frozenset[str]], narrator: str) -> list[_Mark]:
    known = rules.story_rules()
    found = [*_by_shape(reading, known), *_by_phrases(reading, known, story)]
    for name in names.find(reading, narrator):
        start, end = reading.words[name.first].start, reading.words[name.last - 1].end
        found.append(_Mark(known.rules[name.rule], start, end, name.key))
    return _settled(found)


def _settled(marks: Iterable[_Mark]) -> list[_Mark]:
    """Marks in order, of those that overlap the one of the first kind; marks of one rule that overlap become one."""
    kept: list[_Mark] = []
    for mark in sorted(marks, key=lambda m: (m.start, -m.end)):
        last = kept[-1] if kept else None
        if last is None or mark.start >= last.end:
            kept.append(mark)
        elif mark.rule.kind is last.rule.kind:
            kept[-1] = last._replace(end=max(last.end, mark.end))
        elif _ORDER.index(mark.rule.kind) < _ORDER.index(last.rule.kind):
            kept[-1] = mark
    return kept


def _by_shape(reading: Reading, known: rules.RuleSet) -> Iterator[_Mark]:
    for rule in known.rules.values():
        for pattern in rule.patterns:
            for found in pattern.finditer(reading.plain):
                if shapes.holds(rule.check, found.group(), reading.plain, found.start()):
                    yield _Mark(rule, found.start(), found.end())


def _by_phrases(
    reading: Reading, known: rules.RuleSet, story: tuple[frozenset[str], frozenset[str]]
) -> Iterator[_Mark]:
    hits: list[tuple[rules.Rule, int, int]] = []
    cancelled: dict[str, set[int]] = {}
    said: dict[str, set[int]] = {}
    for hit in known.phrases.find(reading):
        what, id = known.owners[hit.owner]
        if what == "rule":
            hits.append((known.rules[id], hit.first, hit.last))
        elif what == "not":
            cancelled.setdefault(id, set()).update(range(hit.first, hit.last))
        else:
            said.setdefault(id, set()).add(reading.words[hit.first].sentence)
    themes, notes = story
    for rule, first, last in hits:
        if not cancelled.get(rule.id, set()).isdisjoint(range(first, last)):
            continue
        if rule.check == "phone" and shapes.counts(" ".join(w.folded for w in reading.words[first:last])):
            continue
        if rule.about is not None:
            topic = known.topics[rule.about]
            here = reading.words[first].sentence
            near = said.get(rule.about, set())
            around = any(here + n in near for n in range(-_NEAR, _NEAR + 1))
            if not (topic.themes & themes or topic.notes & notes or around):
                continue
        yield _Mark(rule, reading.words[first].start, reading.words[last - 1].end)


def _of_the_name(narrator: str) -> Iterator[Finding]:
    """What a chosen name gives away: a last name beside the first, or an address."""
    reading, known = read(narrator), rules.story_rules()
    shapes_found = _settled(_by_shape(reading, known))
    for mark in shapes_found:
        yield _finding(mark, _Text("narrator", None, reading))
    capitals = [w for w in reading.words if w.capital and len(w.text) > 1]
    first = rules.people()["first_names"] | rules.people()["first_names_also_words"]
    if not shapes_found and len(capitals) > 1 and capitals[0].folded in first:
        rule = known.rules["own_full_name"]
        yield _finding(_Mark(rule, capitals[0].start, capitals[-1].end), _Text("narrator", None, reading))


def _name_again(found: list[Finding], people: dict[str, tuple[int, list[Place]]], texts: Sequence[_Text]) -> None:
    """Give each finding of a name the other places where that name stands, also without the words around it."""
    names_at: dict[str, list[Place]] = {}
    order = {text.part: n for n, text in enumerate(texts)}
    for text in texts if people else ():
        for word in text.reading.words:
            if word.capital and text.part is not None:
                names_at.setdefault(word.folded.removesuffix("s"), []).append(Place(text.part, word.start, word.end))
    for key, (at, more) in people.items():
        own = found[at]
        covered: set[tuple[Part | None, int]] = {(own.part, n) for n in range(own.start, own.end)}
        covered.update((p.part, n) for p in more for n in range(p.start, p.end))
        alone = names_at.get(key.split()[-1].removesuffix("s"), [])
        places = [*more, *(p for p in alone if (p.part, p.start) not in covered)]
        again = tuple(sorted(places, key=lambda p: (order[p.part], p.start)))
        found[at] = replace(own, again=again)


def _called(texts: Sequence[_Text]) -> dict[str, tuple[_Text, int, int]]:
    """Each content note that the words call for, with the first place, in the order of the vocabulary."""
    known = rules.notes()
    first: dict[str, tuple[_Text, int, int]] = {}
    for text in texts:
        if text.part is None:
            continue
        words = text.reading.words
        hits = list(known.phrases.find(text.reading))
        cancelled: dict[str, set[int]] = {}
        for hit in hits:
            what, id = known.owners[hit.owner]
            if what == "not":
                cancelled.setdefault(id, set()).update(range(hit.first, hit.last))
        for hit in sorted(hits, key=lambda h: h.first):
            what, id = known.owners[hit.owner]
            if what == "not" or id in first:
                continue
            if not cancelled.get(id, set()).isdisjoint(range(hit.first, hit.last)):
                continue
            first[id] = text, words[hit.first].start, words[hit.last - 1].end
    return {
        id: first[id]
        for id in vocabulary.ids("content_notes")
        if id in first and not any(other.startswith(f"{id}:") for other in first)
    }


def _missing(called: dict[str, tuple[_Text, int, int]], chosen: Sequence[str]) -> Iterator[Finding]:
    for id, (text, start, end) in called.items():
        if any(note == id or note.startswith(f"{id}:") for note in chosen):
            continue
        reason = rules.notes().reason.format(label=vocabulary.label("content_notes", id))
        yield Finding(FindingKind.MISSING_NOTE, "missing_note", reason, text.part, start, end, id)


def _no_coping(texts: Sequence[_Text], themes: frozenset[str], notes: frozenset[str]) -> Iterator[Finding]:
    known = rules.coping()
    if not texts or not (known.themes & themes or known.notes & notes) or any(_copes(t.reading) for t in texts):
        return
    yield Finding(FindingKind.NO_COPING, "no_coping", known.reason, None, 0, 0)


def _copes(reading: Reading) -> bool:
    hits = list(rules.coping().phrases.find(reading))
    missing = {n for h in hits if h.owner == 1 for n in range(h.first, h.last)}
    return any(h.owner == 0 and missing.isdisjoint(range(h.first, h.last)) for h in hits)
