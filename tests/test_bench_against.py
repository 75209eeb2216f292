"""Measuring beside others: the protocol, what a dead or failing contender leaves, tables, and the bars that hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.__main__ import main
from index.bench import against, own_python, smoke
from index.bench.made import Made
from index.bench.peer import SERVE, Died, Failed, Peer
from index.bench.seen import NOTHING, Seen, table
from index.settings import IndexSettings
from tests.conftest import copied

FAKE = """
import json, os, sys, time
import numpy as np
class Contender:
    def build(self, folder, state, given):
        (state / "kept").write_text((folder / "passages.jsonl").read_text())
        np.save(state / "vectors.npy", np.load(folder / "vectors.npy"))
    def open(self, state, given):
        print("libraries print what they like")
        self.lines = [json.loads(line) for line in open(state / "kept")]
        self.vectors = [*np.load(state / "vectors.npy")]
    def turn(self, text):
        return [1]
    def search(self, vector, wanted=("en", "es")):
        near = sorted(zip(self.lines, self.vectors), key=lambda pair: -float(pair[1] @ vector))
        return [p["id"] for p, _ in near if p["language"] in wanted][:10]
    def filtered(self, vector):
        return self.search(vector, ("es",))
    def withdraw(self, passage):
        at = [p["id"] for p in self.lines].index(passage["id"])
        del self.lines[at], self.vectors[at]
    def add(self, first, texts, vectors):
        self.lines += [{"id": first + n, "language": "en"} for n in range(len(texts))]
        self.vectors += [*vectors]
        return [first, first + 1, first + 2]
"""
DYING = FAKE.replace("return [1]", "print('out of luck', file=sys.stderr); os._exit(3)")
STUCK = FAKE.replace("return [1]", "time.sleep(60)")
KEEPING = FAKE.replace("del self.lines[at], self.vectors[at]", "pass")
REFUSING = FAKE.replace('        return self.search(vector, ("es",))', "        raise ValueError('no filters today')")


class Words:
    """A toy model for messages."""

    name, dimension = "words", 4

    def encode(self, texts: object) -> np.ndarray:
        rows = np.random.default_rng(1).standard_normal((len(texts), 4)).astype(np.float32)  # type: ignore[arg-type]
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def _windows(self, text: str) -> list[tuple[str, int]]:
        return [(text, len(text.split()))]


def write(path: Path, code: str) -> Path:
    path.write_text(code, encoding="utf-8")
    return path


@pytest.fixture
def made(tmp_path: Path) -> Made:
    vectors = Words().encode(range(40))
    lines = [
        {"id": 3 * n, "story": f"s{n}", "text": f"t{n}", "language": "es" if n % 4 == 0 else "en"} for n in range(40)
    ]
    folder = tmp_path / "made"
    folder.mkdir()
    write(folder / "passages.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    np.save(folder / "vectors.npy", vectors)
    return Made(folder, lines, vectors)


def compared(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **codes: str) -> Seen:
    monkeypatch.setattr(against, "open_embedder", lambda _: Words())
    entries = [against.Entry(name, write(tmp_path / f"{name}.py", code)) for name, code in codes.items()]
    rounds = against.Rounds(turns=3, starts=2, crowds=1, changes=2)
    return against.Comparison(IndexSettings(data=tmp_path), made, entries, tmp_path / "running", rounds).run()


def test_each_step_of_each_round_is_measured(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = compared(made, tmp_path, monkeypatch, ours=FAKE, other=FAKE)
    assert seen.reasons == {}
    for who in ("ours", "other"):
        for step in (*against.TURNS, "search", "filtered", "search wall"):
            assert len(seen.of(who, step)) == 3
        assert seen.of(who, "search recall") == seen.of(who, "filtered recall") == [1, 1, 1]
        assert len(seen.of(who, "start wall")) == len(seen.of(who, "withdraw")) == len(seen.of(who, "add wall")) == 2
        assert seen.of(who, "looks") == [1, 1]
        assert seen.of(who, "disk")[0] > 0
    assert len(seen.ratios("other", "ours", against.TURNS)) == 3
    assert not (tmp_path / "running").exists()


def test_who_dies_or_refuses_has_a_line_and_the_others_go_on(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = FAKE.replace("import json", "import no_such_library, json")
    codes = {"ours": FAKE, "dying": DYING, "keeping": KEEPING, "refusing": REFUSING, "missing": missing}
    seen = compared(made, tmp_path, monkeypatch, **codes)
    assert seen.reasons == {
        ("missing", "build"): "ModuleNotFoundError: No module named 'no_such_library'",
        ("dying", "first answer"): "it ended at `turn`: out of luck",
        ("refusing", "filtered"): "ValueError: no filters today",
        ("keeping", "withdraw"): "RuntimeError: what was withdrawn is still found",
    }
    assert len(seen.of("refusing", "search")) == len(seen.of("ours", "search")) == 3
    told = against.report(seen, [*codes])
    assert all(f"| {name} |" in told for name in codes)
    assert "- dying, first answer: it ended at `turn`: out of luck" in told


def test_who_does_not_answer_is_ended(tmp_path: Path) -> None:
    with Peer(write(tmp_path / "stuck.py", STUCK), patience=3) as peer, pytest.raises(Died, match="within 3 s"):
        peer.ask("turn", text="hello")


def test_what_is_asked_and_unknown_is_an_error_and_not_the_end(tmp_path: Path) -> None:
    with Peer(write(tmp_path / "fake.py", FAKE)) as peer:
        with pytest.raises(Failed, match="no such step: dance"):
            peer.ask("dance")
        assert peer.ask("turn", text="hello")["ids"] == [1]
        assert set(peer.ask("together", texts=["a", "b"])) == {"cpu", "wall"}


def test_contenders_are_served_without_this_program(tmp_path: Path) -> None:
    code = f"import sys; sys.argv = ['', '{write(tmp_path / 'fake.py', FAKE).as_posix()}']; import runpy; runpy.run_path('{SERVE.as_posix()}', run_name='__main__'); print([m for m in sys.modules if m.split('.')[0] in ('index', 'corpus', 'assistant')], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-P", "-c", code], input="", capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_figures_are_medians_with_their_range_and_ratios_those_of_rounds() -> None:
    seen = Seen()
    for n, (ours, other) in enumerate([(1, 2), (2, 8), (4, 12)]):
        seen.add("ours", "turn 5", n, ours)
        seen.add("other", "turn 5", n, other)
    seen.add("other", "turn 5", 3, 1000)  # a round that ours does not have
    assert seen.spread("ours", "turn 5") == "2.0 (1.0–4.0)"
    assert seen.ratio("other", "ours", ["turn 5"]) == "3.00 (2.00–4.00)"
    assert seen.spread("nobody", "turn 5") == seen.ratio("nobody", "ours", ["turn 5"]) == NOTHING
    assert table("who", ["a"], [("b", str.upper)]) == "| who | b |\n| --- | --- |\n| a | A |"


def test_an_unknown_name_is_said_and_nothing_is_installed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHARED_JOURNEY_DATA", str(tmp_path))
    assert main(["bench", "--against", "pinecone"]) == 2
    assert "the names are langchain, txtai" in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []


def test_what_cannot_be_installed_is_said_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = write(tmp_path / "pinned.txt", "# why\ngood==1\nbad==1\n")
    (tmp_path / "python" / "bin").mkdir(parents=True)
    (tmp_path / "python" / "bin" / "python").touch()
    asked: list[str] = []

    def install(_: Path, line: str) -> str:
        asked.append(line)
        return "ERROR: no such thing" if line.startswith("bad") else ""

    monkeypatch.setattr(own_python, "_install", install)
    told: list[str] = []
    for _ in range(2):
        own_python.own_python(tmp_path / "python", told.append, pinned)
    assert asked == ["good==1", "bad==1", "bad==1"]
    assert told == ["bad==1 could not be installed: ERROR: no such thing"] * 2


# --- the bars of the smoke ---


def figures(**changes: float) -> Seen:
    """As they should be, but for what is changed."""
    given = {"turn": 1.7, "start cpu": 6.0, "filtered": 1.2, "search recall": 1.0, "filtered recall": 1.0, "looks": 1.0}
    given |= {name.replace("_", " "): figure for name, figure in changes.items()}
    seen = Seen()
    for n in range(3):
        for step, theirs in [*((turn, given["turn"]) for turn in against.TURNS), ("start cpu", given["start cpu"])]:
            seen.add(against.OURS, step, n, 1.0)
            seen.add(against.PLAIN[0], step, n, theirs)
        seen.add(against.OURS, "search", n, 1.0)
        for step in ("filtered", "search recall", "filtered recall", "looks"):
            seen.add(against.OURS, step, n, given[step])
    return seen


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"turn": 1.1}, ["CPU of a turn, the plain way over ours: 1.10, should be at least 1.3"]),
        ({"start_cpu": 1.5}, ["CPU until the first answer, the same: 1.50, should be at least 2"]),
        ({"filtered": 3}, ["CPU of a search among 10 %, over one among all: 3.00, should be at most 1.5"]),
        ({"filtered_recall": 0.98}, ["recall@10, filtered: 0.98, should be at least 0.99"]),
        ({"looks": 2}, ["searches until what was withdrawn is not found: 2.00, should be at most 1"]),
    ],
)
def test_a_ratio_that_got_worse_is_said(changes: dict[str, float], said: list[str]) -> None:
    assert smoke.judged(figures(**changes), lambda _: None) == said


def test_nothing_measured_is_no_success() -> None:
    assert len(smoke.judged(Seen(), lambda _: None)) == 6


@pytest.mark.model
def test_this_program_is_no_dearer_than_the_plain_way(embedded: Path, tmp_path: Path) -> None:
    settings = IndexSettings(data=copied(embedded, tmp_path / "data", only_models=True))
    told: list[str] = []
    assert smoke.smoke(settings, told.append) == [], "\n".join(told)
