"""`python -m corpus` as a program's person uses it: from a file of stories to a folder that leaves, in one data folder."""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
from pathlib import Path

import pytest

from corpus.commands import stories
from corpus.settings import CorpusSettings
from corpus.store import Store, open_store
from tests.conftest import make_story, publish
from tests.test_commands import run

WORDS = "I kept my coat on in the kitchen for a whole winter because the heating was the first thing to go."
OTHER = "My brother stopped ringing in March and I stopped ringing in April, and neither of us said why."


def corpus(data: Path, *command: str, stdin: str = ""):  # type: ignore[no-untyped-def]
    return run(
        data,
        "-m",
        "corpus",
        *command,
        stdin=stdin,
        SHARED_JOURNEY_SAMPLES="false",
        SHARED_JOURNEY_COOLING_OFF_HOURS="0",
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "stories.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "Headline", "Story", "consent_granted", "consent_evidence", "consent_purposes"])
        rows.writerow(["coat", "The coat", WORDS, "2026-10-01", "form 12, cabinet B", "surface; share"])
        rows.writerow(["brother", "Not ringing", OTHER, "", "", ""])
        rows.writerow(["empty", "Nothing", "", "2026-10-01", "form 13", "surface"])
    return path


def test_a_file_comes_in_is_reviewed_leaves_and_is_proved_gone(tmp_path: Path, table: Path) -> None:
    data, codes = tmp_path / "data", tmp_path / "codes.csv"
    spec = "title=Headline,text=Story"
    dry = corpus(data, "import", str(table), "--columns", spec, "--dry-run")
    assert "2 would be loaded (1 held" in dry.stdout
    assert "row 4" in dry.stderr
    assert json.loads(corpus(data, "list", "--json").stdout) == []
    assert corpus(data, "import", str(table)).returncode == 2  # nobody looked at the columns
    done = corpus(data, "import", str(table), "--columns", spec, "--codes", str(codes), "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["total"], len(report["loaded"]), len(report["refused"]), report["held"]) == (
        1,
        3,
        2,
        1,
        1,
    )
    drawn = dict(list(csv.reader(codes.open()))[1:])
    assert set(drawn) == {"coat", "brother"}
    assert codes.stat().st_mode & 0o077 == 0
    again = json.loads(corpus(data, "import", str(table), "--columns", spec, "--json").stdout)
    assert (len(again["loaded"]), len(again["refused"])) == (0, 3)

    for name in ("ann", "ben"):
        made = corpus(
            data, "people", "add", name, "--role", "reviewer", "--password-stdin", stdin="long enough words\n"
        )
        assert made.returncode == 0, made.stderr
        assert "long enough words" not in made.stdout
    assert "password" in corpus(data, "people", "add", "cleo", "--role", "lead").stdout
    assert corpus(data, "people", "add", "ann", "--role", "lead").returncode == 2
    people = json.loads(corpus(data, "people", "list", "--json").stdout)
    assert [(p["name"], p["role"]) for p in people] == [("ann", "reviewer"), ("ben", "reviewer"), ("cleo", "lead")]

    store = open_store(f"sqlite:///{data}/journey.db")
    for name in ("ann", "ben"):
        store.approve("coat", name, 1, "reads well")
    store.close()
    states = {row["id"]: (row["state"], row["visible"]) for row in json.loads(corpus(data, "list", "--json").stdout)}
    assert states == {"coat": ("published", True), "brother": ("held", False)}

    out = tmp_path / "out.json"
    assert "1 stories written" in corpus(data, "export", str(out), "--purpose", "share").stdout
    assert corpus(data, "export", str(data / "x.json"), "--purpose", "share").returncode == 2
    assert "kept until" in (made := corpus(data, "backup", "--days", "7")).stdout or "deleted by itself" in made.stdout
    assert "1 published stories" in corpus(data, "report").stdout
    assert json.loads(corpus(data, "report", "--json").stdout)["stories"] == 1
    away = tmp_path / "away"
    assert corpus(data, "portable", "save", str(away)).returncode == 0

    verified = corpus(data, "audit", "verify")
    assert verified.returncode == 0
    head = verified.stdout.split("head ")[1].split()[0]
    assert corpus(data, "audit", "verify", "--expect", head).returncode == 0
    assert corpus(data, "audit", "verify", "--expect", "0" * 64).returncode == 1

    (tmp_path / "words.txt").write_text(WORDS)
    found = corpus(data, "check", "--words", str(tmp_path / "words.txt"))
    assert found.returncode == 1  # it is still there, and check finds it
    assert "journey.db" in found.stdout
    assert corpus(data, "withdraw", "coat").returncode == 0
    clean = corpus(data, "check", "--words", str(tmp_path / "words.txt"))
    assert clean.returncode == 0, clean.stdout
    assert "backups/journey-" in clean.stdout
    assert WORDS[:24] not in clean.stdout + found.stdout
    backup = next((data / "backups").glob("*.db"))
    back = corpus(data, "restore", str(backup))
    assert "0 stories and 0 groups came back" in back.stdout
    assert "coat" not in {row["id"] for row in json.loads(corpus(data, "list", "--json").stdout)}

    new = tmp_path / "new"
    assert "2 stories" in corpus(new, "portable", "load", str(away)).stdout
    assert corpus(new, "audit", "verify", "--expect", head).returncode == 0
    with sqlite3.connect(data / "journey.db") as other:
        other.execute("DELETE FROM audit WHERE book = 'stories' AND number = 2")
    broken = corpus(data, "audit", "verify")
    assert broken.returncode == 1
    assert "line 2 of the book stories missing" in broken.stdout


def test_what_is_over_leaves_with_the_next_scrub(tmp_path: Path, table: Path) -> None:
    data = tmp_path / "data"
    corpus(data, "import", str(table), "--columns", "title=Headline,text=Story", "--yes")
    with sqlite3.connect(data / "journey.db") as other:
        other.execute("UPDATE custody SET until = '2026-01-01T00:00:00.000000Z' WHERE story_id = 'coat'")
    assert "Consent was over: coat." in corpus(data, "scrub").stdout
    (tmp_path / "words.txt").write_text(WORDS)
    assert corpus(data, "check", "--words", str(tmp_path / "words.txt")).returncode == 0
    assert "Expired: none" in corpus(data, "tick").stdout


def test_a_code_for_an_imported_story_is_printed_once(tmp_path: Path, table: Path) -> None:
    data = tmp_path / "data"
    corpus(data, "import", str(table), "--columns", "title=Headline,text=Story")
    drawn = corpus(data, "code", "brother")
    assert len(drawn.stdout.strip().split("-")) == 6
    assert corpus(data, "code", "brother").returncode == 2
    assert corpus(data, "code", "nobody").returncode == 2


def test_a_list_reads_titles_and_no_words(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for id in ("one", "two"):
        publish(store, make_story(id, title=f"Of {id}"))
    store.pause("two", "t")
    monkeypatch.setattr(store, "visible", None)
    assert stories._list(store, CorpusSettings(), argparse.Namespace(json=True)) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["title"], row["visible"]) for row in rows] == [("Of one", True), (None, False)]
