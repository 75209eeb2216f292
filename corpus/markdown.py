"""Markdown with front matter, cut into its facts and its sections. Words are kept exactly, with plain line ends."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import yaml

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
_BLANK_BEFORE = re.compile(r"\A(?:[^\S\n]*\n)+")
# What a document that lies to the parser can raise out of it, besides its own errors.
_BROKEN = (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def split(text: str, *, as_written: bool = False) -> tuple[dict[str, Any], str]:
    """(facts of the front matter, body). ValueError when there is no front matter or it is no mapping.

    as_written: values stay text (`no` is not False, `12:30` is not 750).
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    first = _FENCE.match(text)
    second = _FENCE.search(text, first.end()) if first else None
    if first is None or second is None:
        raise ValueError("no front matter between two lines of ---")
    try:
        facts = yaml.load(text[first.end() : second.start()], yaml.BaseLoader if as_written else yaml.SafeLoader)
    except _BROKEN as error:
        raise ValueError("the front matter is not YAML") from error
    if not isinstance(facts, dict):
        raise ValueError("the front matter is not a list of names and values")
    return facts, text[second.end() :]


def sections(body: str) -> list[tuple[str | None, str]]:
    """(heading of `## `, or None for what stands before the first, words) in order."""
    cut = [0, *(found.start() for found in _HEADING.finditer(body)), len(body)]
    found: list[tuple[str | None, str]] = [(None, words(body[: cut[1]]))]
    for start, end in pairwise(cut[1:]):
        heading, _, rest = body[start:end].partition("\n")
        found.append((heading[3:].strip(), words(rest)))
    return found


def words(text: str) -> str:
    """A text without the blank lines before it and the blanks after it. Nothing inside is touched."""
    return _BLANK_BEFORE.sub("", text).rstrip()
