"""Many people at once, in small: everybody is answered, and who left is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import crowd as module
from tests.conftest import copied
from tests.crowd import Seen, crowd, main, quantile

pytestmark = pytest.mark.model


def test_everybody_is_answered(embedded: Path, tmp_path: Path) -> None:
    told: list[str] = []
    first, second = crowd(copied(embedded, tmp_path / "data"), 12, 4, 4, told.append, waves=2)
    for seen in (first, second):
        assert seen.errors == []
        assert (len(seen.opened), len(seen.answered), len(seen.read)) == (12, 16, 4)
        assert all(seconds > 0 for seconds in seen.answered)
    assert told[1].startswith("| wave 1 |")
    assert "| 0 |" in told[2]


def test_what_goes_wrong_is_an_error_and_no_answer(
    embedded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "_SENT", 7)  # an event that the page does not have: it is refused
    monkeypatch.setenv("SHARED_JOURNEY_DATA", str(copied(embedded, tmp_path / "data")))
    assert main(["--people", "2", "--seconds", "1", "--waves", "1"]) == 1
    assert "2 (HTTPStatusError: " in capsys.readouterr().out


def test_a_time_counts_from_when_it_was_due() -> None:
    assert quantile([], 0.95) == 0
    assert quantile([3, 1, 2], 0) == 1
    assert quantile(range(1, 101), 0.95) == 96  # not more than 5 of 100 lie above it
    row = module._row("x", Seen(opened=[1, 3], answered=[2], errors=["no"], memory=(1024, 4096, 2048), cpu=1), 3)
    assert row == "| x | 2.00 / 3.00 | 2.00 / 2.00 | 0.00 / 0.00 | 1 (no) | 1.0 | 1 / 4 / 2 | 1024 |"
