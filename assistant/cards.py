"""From what was found to what is shown: cards and whole stories. Every excerpt is a slice of the narrator's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from assistant.conversation import Excerpt, StoryCard, StoryPart, StoryView
from assistant.understand import rules
from assistant.voice import phrases
from assistant.words import label, say
from assistant.words.local import commas
from corpus import vocabulary
from corpus.types import Part, Provenance, Span, Story
from corpus.yaml_file import read_yaml
from index.facts import Facts
from index.find import Match
from index.passages import sentences
from index.query import Dials
from index.wishes import met

_EXCERPT_WORDS = 90  # a card's excerpt holds about this many words: the passage, and what stands around it
_UNTURNED = Dials()


def origin(story: Story, lang: str) -> str:
    """What a card says about where a story comes from."""
    return say("card.sample" if story.provenance is Provenance.SAMPLE else "card.consent", lang)


def _minutes(story: Story) -> int:
    return max(1, round(story.words / 200))


def _stage(story: Story, lang: str, *, inside: bool = False) -> str | None:
    return label("stages", story.stage, lang, inside=inside) if story.stage else None


def _notes(story: Story, lang: str) -> tuple[str, ...]:
    return tuple(label("content_notes", note, lang) for note in story.content_notes)


def part_label(part: Part, lang: str) -> str:
    """The heading that the narrator answered; "The story" of one that was told in one piece."""
    return say(f"page.yours.diff.field.{part.value}", lang)


def excerpt(story: Story, span: Span, lang: str = "en") -> Excerpt:
    """The passage, with sentences before and after it until the excerpt has about 90 words."""
    text = story.text(span.part) or ""
    start, end = span.start, span.end
    left = [s for s in sentences(text) if s[1] <= span.start]
    right = [s for s in sentences(text) if s[0] >= span.end]
    while (left or right) and len(text[start:end].split()) < _EXCERPT_WORDS:
        if right:  # what comes after tells more than what came before
            end = right.pop(0)[1]
        else:
            start = left.pop()[0]
    return Excerpt(
        part=span.part.value,
        part_label=part_label(span.part, lang),
        text=text[start:end],
        mark=(span.start - start, span.end - start),
        before=bool(text[:start].strip()),
        after=bool(text[end:].strip()),
    )


# A word that stands in more than this share of the stories says little about any one of them.
_RARE = 0.7
Rarity = Callable[[str], float]  # of a word in the collection, in [0, 1]; 1 is rarest


def shared_words(said: str, passage: str, most: int = 3, rarity: Rarity | None = None) -> tuple[str, ...]:
    """Words that stand in both texts and carry meaning, as the person wrote them: the rarest, in order of the
    message."""
    there = {_stem(w) for w in _words(passage)}
    found: dict[str, str] = {}
    for word in _words(said):
        if _stem(word) in there and word not in _feeling_words():
            found.setdefault(_stem(word), word)
    words = list(found.values())
    if rarity:
        rare = sorted((w for w in words if rarity(w) >= _RARE), key=lambda w: -rarity(w))[:most]
        words = [w for w in words if w in rare]
    return tuple(words[:most])


@lru_cache(maxsize=1)
def _families() -> tuple[tuple[str, frozenset[str]], ...]:
    """(what completes "You both write of …", its words), for each family of feelings."""
    data = read_yaml(Path(__file__).with_name("feelings.yaml"))["families"]
    return tuple((family["phrase"], frozenset(family["words"].split())) for family in data.values())


@lru_cache(maxsize=1)
def _feeling_words() -> dict[str, tuple[str, ...]]:
    """Each word of a feeling → what completes "You both write of …" for it."""
    phrases: dict[str, tuple[str, ...]] = {}
    for phrase, words in _families():
        for word in words:
            phrases[word] = (*phrases.get(word, ()), phrase)
    return phrases


_NOT = re.compile(r"\b(not|never|no longer|n't|isn't|wasn't|without)\s+(\w+\s+){0,1}$", re.IGNORECASE)


def shared_feelings(said: str, told: str, most: int = 1) -> tuple[str, ...]:
    """Feelings that both write of in so many words, as phrases, in order of the message. A negated one does not
    count."""
    felt = _felt(said)
    there = _felt(told) if felt else {}
    return tuple(phrase for phrase in felt if phrase in there)[:most]


def _felt(text: str) -> dict[str, None]:
    found: dict[str, None] = {}
    feelings, small = _feeling_words(), text.lower()
    for match in re.finditer(r"[^\W\d_]+", small):
        phrases = feelings.get(match.group())
        if phrases and not _NOT.search(small[max(0, match.start() - 30) : match.start()]):
            found.update(dict.fromkeys(phrases))
    return found


def evidence(said: str, story: Story, span: Span) -> Span:
    """The sentences of a passage that share words or a feeling with what was said, as one slice from the first to the
    last of them; the whole passage when none does."""
    text = story.text(span.part) or ""
    wanted = {_stem(w) for w in _words(said)}
    felt = _felt(said)
    hits = [
        (a, b)
        for a, b in ((span.start + a, span.start + b) for a, b in sentences(text[span.start : span.end]))
        if wanted & {_stem(w) for w in _words(text[a:b])} or (felt and felt.keys() & _felt(text[a:b]).keys())
    ]
    return Span(part=span.part, start=hits[0][0], end=hits[-1][1]) if hits else span


def _words(text: str) -> list[str]:
    common = rules().common
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.lower().replace("’", "'"))
    return [w for w in words if len(w) > 2 and w not in common]


def _stem(word: str) -> str:
    """A crude root, enough to see that "drinking" and "drinks" are one word."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def story_card(
    match: Match,
    *,
    said: str,
    themes: Sequence[str],
    lang: str,
    like: bool = False,
    hopeful: bool = False,
    dials: Dials = _UNTURNED,
    heading: str | None = None,
    rare: Rarity | None = None,
) -> StoryCard:
    """A card. `themes` are those that the message touches: only what the story itself carries is said.

    dials: what the person chose; what of it this story meets is said. heading: the kind of toolkit of a quoted passage.
    """
    story = match.story
    span = evidence(said, story, match.span) if said else match.span
    return StoryCard(
        id=story.id,
        title=story.title,
        narrator=story.narrator,
        sample=story.provenance is Provenance.SAMPLE,
        origin=origin(story, lang),
        language=story.language,
        stage=_stage(story, lang),
        content_notes=_notes(story, lang),
        excerpt=excerpt(story, span, lang),
        why=_why(match, said, themes, lang, like=like, hopeful=hopeful, dials=dials, rare=rare),
        heading=heading,
        minutes=_minutes(story),
    )


def _why(
    match: Match,
    said: str,
    themes: Sequence[str],
    lang: str,
    *,
    like: bool,
    hopeful: bool,
    dials: Dials,
    rare: Rarity | None,
) -> tuple[str, ...]:
    """Why this story, in sentences that can be checked by reading it: what it tells of, what both write, what was
    asked for, and what came after. Never a score."""
    story = match.story
    told = [theme for theme in story.themes if theme in themes] or list(story.themes[:1])
    why = [] if match.close else [say("card.why.far", lang)]
    why += [say("card.why.themes", lang, themes=phrases(told, lang))] if told else []
    why += [say("card.why.like", lang)] if like else []
    why += [say("card.why.hope", lang)] if hopeful and (story.hope or 0) >= 4 else []
    why += [_wish(name, dials, story, lang) for name in met(dials, Facts.of(story))]
    for feeling in shared_feelings(said, "\n".join(part.text for part in story.parts)):
        why.append(say("card.why.feeling", lang, feeling=feeling))
    if words := shared_words(said, match.span.of(story), rarity=rare):
        why.append(say("card.why.words", lang, words=", ".join(words)))
    if match.close and said and not like:
        why.append(say("card.why.part", lang, part=part_label(match.span.part, lang)))
        if story.text(Part.NOW) and match.span.part is not Part.NOW:
            stage = _stage(story, lang, inside=True)
            key = "card.why.after" if stage else "card.why.after.plain"
            why.append(say(key, lang, narrator=story.narrator, stage=stage or ""))
    return tuple(why)


def _wish(name: str, dials: Dials, story: Story, lang: str) -> str:
    """That a story is as the person asked for by one dial: what was asked for, and nothing else of the narrator."""
    return say(
        f"card.why.wish.{name}",
        lang,
        stage=_stage(story, lang, inside=True) or "",
        minutes=_minutes(story),
        pathways=commas(_inside("pathways", story.pathways, dials.pathways, lang), lang),
        context=commas(_inside("contexts", story.context, dials.context, lang), lang),
    )


def _inside(kind: vocabulary.Kind, given: Iterable[str], asked: Iterable[str], lang: str) -> list[str]:
    """What of a story was asked for, named inside a sentence."""
    return [label(kind, id, lang, inside=True) for id in given if id in asked]


def story_view(story: Story, matched: Span | None, lang: str) -> StoryView:
    """The whole story; `matched` is marked in it."""
    return StoryView(
        id=story.id,
        title=story.title,
        narrator=story.narrator,
        sample=story.provenance is Provenance.SAMPLE,
        origin=origin(story, lang),
        language=story.language,
        stage=_stage(story, lang),
        themes=tuple(label("themes", theme, lang) for theme in story.themes),
        pathways=tuple(label("pathways", pathway, lang) for pathway in story.pathways),
        content_notes=_notes(story, lang),
        note_ids=story.content_notes,
        parts=tuple(
            StoryPart(
                part=given.part.value,
                label=part_label(given.part, lang),
                text=given.text,
                mark=(matched.start, matched.end) if matched and matched.part is given.part else None,
            )
            for given in story.parts
        ),
        minutes=_minutes(story),
    )
