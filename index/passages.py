"""Cutting a story into passages: slices of its parts, never copies.

A passage is what is shown as evidence and what one vector stands for: whole sentences of one part, about
`TARGET_WORDS` of them, cut at a paragraph where that is possible.
"""

from __future__ import annotations

import re

from corpus.types import Span, Story

# Change this whenever `cut` would give other spans for the same story: it is part of the scheme under which vectors
# are kept, so that the next start cuts and embeds anew.
VERSION = "p1"

TARGET_WORDS = 60  # a passage of a person telling something; three or four sentences
_LEAST_WORDS = 20  # a shorter rest is joined to the passage before it

# A sentence ends after . ! ? … (and what closes a quotation) before white space, or at a line break.
_SENTENCE = re.compile(r"""[^\n]+?(?:[.!?…]+["'”’)\]]*(?=\s)|(?=\n)|\Z)""", re.VERBOSE)


def sentences(text: str) -> list[tuple[int, int]]:
    """[start, end) of each sentence in characters, without white space at either end. Together they hold every word."""
    found = []
    for match in _SENTENCE.finditer(text):
        start, end = match.span()
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if end > start:
            found.append((start, end))
    return found


def cut(story: Story) -> tuple[Span, ...]:
    """The passages of a story, in order. Every sentence is in exactly one of them."""
    spans: list[Span] = []
    for given in story.parts:
        part_spans: list[tuple[int, int, int]] = []  # start, end, words
        start = end = words = 0
        for a, b in sentences(given.text):
            length = len(given.text[a:b].split())
            new_paragraph = words > 0 and "\n" in given.text[end:a].strip(" \t")
            if words and (
                words + length > TARGET_WORDS * 1.5 or words >= TARGET_WORDS or (new_paragraph and words >= 40)
            ):
                part_spans.append((start, end, words))
                words = 0
            if not words:
                start = a
            end, words = b, words + length
        if words:
            part_spans.append((start, end, words))
        if len(part_spans) > 1 and part_spans[-1][2] < _LEAST_WORDS:
            last, before = part_spans.pop(), part_spans.pop()
            part_spans.append((before[0], last[1], before[2] + last[2]))
        spans.extend(Span(part=given.part, start=a, end=b) for a, b, _ in part_spans)
    return tuple(spans)


def whole(story: Story) -> str:
    """What the vector of the whole story stands for: the title and every part, in order."""
    return "\n\n".join([story.title, *(given.text for given in story.parts)])
