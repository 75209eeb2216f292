"""Parsed phrases kept as a file: the same finds, made anew when they are not whole or not of these rules."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.care import kept_phrases as module
from assistant.care.normalise import fold, sentences
from assistant.care.phrases import Phrases

screen: Any = importlib.import_module("assistant.care.screen")

LISTS = {"soon": ["tonight", "right now"]}
GIVEN = [(0, "i (want|need) to sleep {soon}", LISTS), (1, "so tired", {}), (-1, "but", {}), (2, "^ # nights", {})]
TEXTS = ("I need to sleep tonight", "So tired. But 3 nights. 4 nights awake", "nothing of it", "")


@pytest.fixture(autouse=True)
def nowhere() -> Iterator[None]:
    yield
    module.keep_in(None)


def found(phrases: Phrases) -> list[Any]:
    return [tuple(phrases.find(sentences(text))) for text in TEXTS]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def no_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object) -> None:
        raise AssertionError("it is kept")

    monkeypatch.setattr("assistant.care.phrases._Parser", parse)


def test_kept_phrases_find_the_same_and_are_not_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = found(Phrases(GIVEN))
    assert any(wanted)
    module.keep_in(tmp_path / "models")
    assert found(module.parsed("some", GIVEN)) == wanted
    assert len(files(tmp_path / "models")) == 1
    no_parsing(monkeypatch)
    assert found(module.parsed("some", GIVEN)) == wanted


@pytest.mark.parametrize(
    "harm", [lambda d: d[:-9], lambda d: d.replace(b"tired", b"fired"), lambda _: b"", lambda _: b"\n{}"]
)
def test_phrases_that_are_not_whole_are_made_anew(tmp_path: Path, harm: Any) -> None:
    module.keep_in(tmp_path)
    wanted = found(module.parsed("some", GIVEN))
    file = next(tmp_path.iterdir())
    whole = file.read_bytes()
    file.write_bytes(harm(whole))
    assert found(module.parsed("some", GIVEN)) == wanted
    assert file.read_bytes() == whole


def test_phrases_of_other_rules_are_others(tmp_path: Path) -> None:
    """One changed word of a rule or of a list, and what was kept is not used; nor does it stay."""
    module.keep_in(tmp_path)
    module.parsed("other", GIVEN)
    seen = {tuple(files(tmp_path))}
    for changed in (
        [*GIVEN[:1], (1, "so very tired", {}), *GIVEN[2:]],
        [(0, GIVEN[0][1], {"soon": ["tomorrow"]}), *GIVEN[1:]],
        [(3, *GIVEN[0][1:]), *GIVEN[1:]],
    ):
        assert found(module.parsed("some", changed)) == found(Phrases(changed))
        seen.add(tuple(files(tmp_path)))
        assert len(files(tmp_path)) == 2
    assert len(seen) == 4


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    module.keep_in(tmp_path / "file" / "models")
    assert found(module.parsed("some", GIVEN)) == found(Phrases(GIVEN))


def test_the_rules_that_come_with_the_program_are_the_same_when_kept(tmp_path: Path) -> None:
    plain = screen.book()
    module.keep_in(tmp_path)
    for _ in range(2):
        screen.book.cache_clear()
        assert screen.book().phrases.as_data() == plain.phrases.as_data()
        assert screen.book().rules == plain.rules
    assert len(files(tmp_path)) == 1


@given(st.text(st.characters(max_codepoint=127)))
def test_a_plain_text_is_folded_as_any_other(text: str) -> None:
    assert fold(text) + "e" == fold(text + "é")
