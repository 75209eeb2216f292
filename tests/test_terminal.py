"""The same conversation in a terminal, and the screen over JSON lines."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from assistant import __main__ as terminal
from assistant.turn import Turn
from tests.talking import SHARE


def test_a_talk_in_the_terminal(turn: Turn) -> None:
    out = io.StringIO()
    terminal.talk(turn, "GB", iter([SHARE + "\n", "read 1\n", "read 9\n", "quit\n", "never read\n"]), out)
    text = out.getvalue()
    assert "computer program" in text
    assert re.search(r"^1\. The quiet house \d, by Sam", text, re.MULTILINE)
    assert "Group: Group tea" in text
    assert "never read" not in text


def test_the_terminal_shows_help_before_anything_else(turn: Turn) -> None:
    out = io.StringIO()
    terminal.talk(turn, "GB", iter(["I want to kill myself\n"]), out)
    text = out.getvalue().split("quit” ends")[1]
    assert text.index("***") < text.index("999")
    assert "The quiet house" not in text


def test_screen_reads_and_writes_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(
        '{"id": "a", "text": "I want to kill myself"}\n\n{"id": 7, "text": "my cat is ill", "lang": "en"}\n'
    )
    assert terminal.main(["screen", "--jsonl", str(file)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["id"], r["tier"]) for r in rows] == [("a", 2), (7, 0)]
    assert set(rows[0]) == {"id", "tier", "categories", "clinical", "why"}
    file.write_text('{"id": 1}\n')
    assert terminal.main(["screen", "--jsonl", str(file)]) == 2
    assert "line 1" in capsys.readouterr().err
