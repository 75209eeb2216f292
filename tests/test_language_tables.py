"""What tells languages apart, kept as files that are mapped: the same answers, made anew when it is not whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import language as module
from assistant.language import prepare

TEXTS = (
    "I was awake most of the night again and nobody knows",
    "ich kann nicht mehr schlafen seit meine Mutter tot ist",
    "desde que murió mi madre no puedo dormir",
    "我最近很难过",
    "не могу спать",
    "",
    "ok",
    "\ud800 half a character",
)


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_kept", None)
    module._identifier.cache_clear()
    yield
    module._identifier.cache_clear()


def guesses() -> list[tuple[str, float]]:
    return [module._guess(text) for text in TEXTS]


def tables(folder: Path) -> list[str]:
    return sorted(path.name for path in next(folder.glob("languages-*")).iterdir())


def test_the_kept_tables_give_the_same_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = guesses()
    prepare(tmp_path / "models")
    assert guesses() == wanted
    assert len(tables(tmp_path / "models")) == 6
    assert [path.name for path in (tmp_path / "models").iterdir() if "tmp" in path.name] == []

    def unpacked() -> object:
        raise AssertionError("they are there")

    monkeypatch.setattr(module, "_unpacked", unpacked)
    module._identifier.cache_clear()
    prepare(tmp_path / "models")
    assert guesses() == wanted


@pytest.mark.parametrize("name", ["nb_ptc.npy", "tk_nextmove.npy", "about.json"])
def test_damaged_tables_are_made_anew(tmp_path: Path, name: str) -> None:
    wanted = guesses()
    prepare(tmp_path)
    file = next(tmp_path.glob("languages-*")) / name
    whole = file.read_bytes()
    for damaged in (whole[:-3], whole[: len(whole) // 2] + b"7" + whole[len(whole) // 2 + 1 :], b""):
        module._identifier.cache_clear()  # which lets go of what is mapped
        file.unlink()
        file.write_bytes(damaged)
        prepare(tmp_path)
        assert guesses() == wanted
        assert file.read_bytes() == whole


def test_tables_of_another_version_go(tmp_path: Path) -> None:
    (tmp_path / "languages-0123456789abcdef").mkdir()
    prepare(tmp_path)
    assert len(list(tmp_path.glob("languages-*"))) == 1
    assert tables(tmp_path)


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    wanted = guesses()
    (tmp_path / "file").write_text("no folder")
    prepare(tmp_path / "file")
    assert guesses() == wanted
