"""One version of the consent wording: what it has to hold, and how it is read from its YAML file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from corpus.custody import MONTHS
from corpus.errors import SettingsWrong
from corpus.types import Purpose

# What every wording speaks of (PRACTICE R14), in the order and under the headings that it likes.
TOPICS = ("purpose", "readers", "where", "time", "risks", "keepers", "leaving", "forever", "age")

_ID = re.compile(r"[0-9a-z][0-9a-z-]{0,59}")  # fits the column `consent.wording`


@dataclass(frozen=True, slots=True)
class Section:
    about: str  # one of TOPICS
    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PurposeWording:
    """One switch of the consent page."""

    label: str
    meaning: str  # what a yes allows
    is_not: str  # what a yes does not allow, and where its limits are


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of the consent text. Plain text everywhere: whoever shows it escapes it."""

    id: str
    date: date  # the newest one is what a narrator reads now
    language: str
    sections: tuple[Section, ...]  # in the order of reading; each of TOPICS once
    purposes: Mapping[Purpose, PurposeWording]  # read-only; every purpose, in the order of `Purpose`
    months: tuple[int, ...]  # how long a consent may last, for the narrator to choose
    removed: tuple[str, ...]  # what a withdrawal removes
    not_removed: tuple[str, ...]  # and what it cannot
    digest: str  # sha256 (hex) of all of the above, however the file breaks its lines


_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Section(_Model):
    about: _Text
    heading: _Text
    paragraphs: tuple[_Text, ...] = Field(min_length=1)


class _Purpose(_Model):
    label: _Text
    meaning: _Text
    is_not: _Text


class _File(_Model):
    """The file as it is written."""

    id: str
    date: date
    language: str
    months: tuple[int, ...] = Field(min_length=1)
    sections: tuple[_Section, ...]
    purposes: dict[Purpose, _Purpose]
    removed: tuple[_Text, ...] = Field(min_length=1)
    not_removed: tuple[_Text, ...] = Field(min_length=1)


class _OnceLoader(yaml.SafeLoader):
    """A name that stands twice is an error: one of the two texts would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [key.value for key, _ in node.value]
        if twice := sorted({str(name) for name in names if names.count(name) > 1}):
            raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_file(path: Path, language: str) -> Wording:
    """The wording in a file of the folder of a language. SettingsWrong, with the place, when it cannot be used."""
    try:
        status = path.stat()
    except OSError as error:
        raise SettingsWrong(f"{path}: it cannot be read ({error.strerror}).") from error
    return _read(path, language, (status.st_mtime_ns, status.st_size))


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsWrong(f"{path}: it cannot be read as UTF-8 text ({type(error).__name__}).") from error


@lru_cache(maxsize=64)
def _read(path: Path, language: str, _state: tuple[int, int]) -> Wording:
    """`_state` tells one state of the file from the next, so that a changed file is read again."""
    try:
        data = yaml.load(read_text(path), Loader=_OnceLoader)  # a SafeLoader
        file = _File.model_validate(data)
    except yaml.YAMLError as error:
        raise SettingsWrong(f"{path}: this YAML cannot be used ({' '.join(str(error).split())}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole file"
        raise SettingsWrong(f"{path}: {where}: {first['msg']}.") from error
    if problem := _problem(file, path.stem, language):
        raise SettingsWrong(f"{path}: {problem}.")
    return Wording(
        id=file.id,
        date=file.date,
        language=file.language,
        sections=tuple(Section(s.about, s.heading, s.paragraphs) for s in file.sections),
        purposes=MappingProxyType(
            {p: PurposeWording(w.label, w.meaning, w.is_not) for p in Purpose for w in [file.purposes[p]]}
        ),
        months=file.months,
        removed=file.removed,
        not_removed=file.not_removed,
        digest=_digest(file),
    )


def _problem(file: _File, stem: str, language: str) -> str | None:
    """What is wrong with a file whose fields are all there, in words that end a sentence; None when nothing is."""
    if file.id != stem or not _ID.fullmatch(file.id):
        return (
            f"the id is {file.id!r}; it has to be the name of the file, in at most 60 small letters, digits and hyphens"
        )
    if file.language != language:
        return f"the language is {file.language!r}, and the folder is that of {language!r}"
    about = [s.about for s in file.sections]
    if sorted(about) != sorted(TOPICS):
        wrong = sorted({t for t in about if t not in TOPICS or about.count(t) > 1})
        return f"sections missing: {_names(set(TOPICS) - set(about))}; unknown or twice: {_names(wrong)}"
    if missing := set(Purpose) - set(file.purposes):
        return f"purposes missing: {_names(missing)}"
    if not set(file.months) <= set(MONTHS) or len(set(file.months)) != len(file.months):
        return f"months are {list(file.months)}; a consent may last {' or '.join(map(str, MONTHS))}, each named once"
    return None


def _names(given: set[str] | set[Purpose] | list[str]) -> str:
    return ", ".join(sorted(map(str, given))) or "none"


def _digest(file: _File) -> str:
    """Of canonical JSON, so that comments and broken lines do not matter and every word does."""
    text = json.dumps(file.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
