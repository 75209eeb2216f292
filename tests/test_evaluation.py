"""Measuring: reading tasks, the guard against leaks, measures by hand, fairness, reports, and the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.errors import BadRecord
from index.__main__ import main
from index.embed import WordEmbedder
from index.evaluation import fairness
from index.evaluation.evaluate import evaluate, guarded, trade_off, write_run
from index.evaluation.measures import compare, gini, mean, per_query
from index.evaluation.report import fallen, html, kept, markdown
from index.evaluation.run import Bench
from index.evaluation.task import Asked, Task, leaks, read, words_of
from index.pipelines import DEFAULT, pipeline
from tests.conftest import copied, make_story

ROOT = Path(__file__).parent.parent


def lines(*rows: object) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def folder(path: Path, **files: str) -> Path:
    """A BEIR folder: three documents, two queries, three judgments, unless a file is given."""
    given = {
        "corpus": lines(
            {"_id": "a", "title": "Lamps", "text": "the lamp broke and the lighthouse keeper wept about whisky"},
            {"_id": "b", "title": "", "text": "rain on the river stones all night"},
            {"_id": "c", "text": "bread and trains"},
        ),
        "queries": lines({"_id": "q1", "text": "whisky lamp"}, {"_id": "q2", "turns": ["rain", "and the river"]}),
        "qrels": "query-id\tcorpus-id\tscore\nq1\ta\t2\nq1\tc\t0\nq2\tb\t1\n",
        "meta": "{}",
        **files,
    }
    (path / "qrels").mkdir(parents=True)
    (path / "corpus.jsonl").write_text(given["corpus"])
    (path / "queries.jsonl").write_text(given["queries"])
    (path / "qrels" / "test.tsv").write_text(given["qrels"])
    (path / "meta.json").write_text(given["meta"])
    return path


# --- reading ---


def test_a_folder_is_read(tmp_path: Path) -> None:
    task = read(folder(tmp_path / "small"))
    assert task.name == "small"
    assert list(task.documents) == ["a", "b", "c"]
    assert words_of(task.documents["a"]).startswith("Lamps\n\nthe lamp")
    assert words_of(task.documents["b"]) == "rain on the river stones all night"
    assert [q.text for q in task.queries] == ["whisky lamp", "rain\nand the river"]
    assert task.judgments == {"q1": {"a": 2, "c": 0}, "q2": {"b": 1}}
    assert not task.ignore_identical_ids


def test_parts_and_strange_documents_are_taken(tmp_path: Path) -> None:
    corpus = lines(
        {"_id": "a", "parts": {"going_on": "one", "helped": "two", "now": " "}, "title": "T"},
        {"_id": "b", "parts": [{"part": "chapter", "text": "three"}, {"part": "other", "text": "four"}]},
        {"_id": "c", "title": "x" * 300, "text": ""},
        {"_id": "d", "text": "nul \x00 here"},
    )
    task = read(folder(tmp_path / "t", corpus=corpus, qrels="q1\ta\t1\nq2\tb\t1\n"))
    assert [(p.part.value, p.text) for p in task.documents["a"].parts] == [("going_on", "one"), ("helped", "two")]
    assert words_of(task.documents["b"]) == "three\n\nfour"
    assert words_of(task.documents["c"]) == "x" * 300
    assert "\x00" not in words_of(task.documents["d"])


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"corpus": "{\n"}, "corpus.jsonl, line 1: not JSON"),
        ({"corpus": "[]\n"}, "line 1: not a JSON object"),
        ({"corpus": lines({"text": "x"})}, "no “_id”"),
        ({"corpus": lines({"_id": "a"})}, "no “text”"),
        ({"corpus": lines({"_id": "a", "parts": ["x"]})}, "“parts”"),
        (
            {"corpus": lines({"_id": "a", "text": "x"}, "", {"_id": "a", "text": "y"})},
            "line 3: the id a is there twice",
        ),
        ({"corpus": ""}, "there is no document a"),
        ({"queries": lines({"_id": "q1"})}, "neither “text” nor"),
        ({"queries": lines({"_id": "q1", "turns": []})}, "neither “text” nor"),
        ({"queries": lines({"_id": "q1", "text": "x"})}, "there is no query q2"),
        ({"qrels": "q1\ta\n"}, "not “query, document, grade”"),
        ({"qrels": "q1\ta\tgood\n"}, "line 1: not"),
        ({"qrels": "q1\tz\t1\n"}, "there is no document z"),
        ({"qrels": ""}, "nothing to measure"),
        ({"qrels": "q1\ta\t0\n"}, "nothing to measure"),
        ({"meta": "nonsense"}, "meta.json"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(tmp_path: Path, files: dict[str, str], says: str) -> None:
    with pytest.raises(BadRecord, match=says.replace("“", ".").replace("”", ".")):
        read(folder(tmp_path / "bad", **files))


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadRecord, match="cannot be read"):
        read(tmp_path / "nowhere")


# --- leaks ---

LONG = " ".join(f"word{i}" for i in range(30))


def leaking(text: str, document: str, judged: str = "own", **more: Any) -> Task:
    documents = {id: make_story(id, parts=({"part": "whole", "text": words},)) for id, words in
                 (("own", "an answer"), ("other", document))}  # fmt: skip
    return Task("t", documents, (Asked("q", (text,), {}),), {"q": {judged: 1}}, **more)


@pytest.mark.parametrize(
    ("text", "document", "leaks_out"),
    [
        (LONG, f"and so {LONG} it was", True),
        (LONG, " ".join(LONG.split()[5:25]).upper() + " end", True),  # twenty words of it
        (LONG, " ".join(LONG.split()[5:24]), False),  # nineteen
        ("one two three four five six seven eight", "x one, two three four five six seven eight! y", True),
        ("my first day", "on my first day there", False),  # by chance
        ("my first day", "My first day.", True),  # nothing else is in the document
        ("", "", False),
    ],
)
def test_a_query_that_stands_in_another_document_is_a_leak(text: str, document: str, leaks_out: bool) -> None:
    found = leaks(leaking(text, document or "–"))
    assert [(leak.query, leak.document) for leak in found] == ([("q", "other")] if leaks_out else [])


def test_an_own_answer_may_quote_the_question() -> None:
    assert leaks(leaking(LONG, LONG, judged="other")) == ()
    itself = leaking(LONG, LONG)
    named = replace(itself, queries=(Asked("other", (LONG,), {}),), judgments={"other": {"own": 1}})
    assert leaks(named)
    assert leaks(replace(named, ignore_identical_ids=True)) == ()


def test_a_task_that_leaks_is_refused_or_goes_without() -> None:
    task = leaking(LONG, LONG)
    with pytest.raises(BadRecord, match=r"query q stands in document other \(20 words"):
        guarded(task)
    with pytest.raises(BadRecord, match="nothing is left"):
        guarded(task, "drop")
    two = replace(
        task, queries=(*task.queries, Asked("r", ("hello",), {})), judgments={**task.judgments, "r": {"own": 1}}
    )
    kept_task, said = guarded(two, "drop")
    assert [q.id for q in kept_task.queries] == ["r"]
    assert len(said) == 1
    assert LONG not in said[0]  # a leak is named, not quoted


# --- measures ---


def test_measures_by_hand() -> None:
    """q1: grades 2 and 1 at ranks 2 and 3; q2: nothing found; q3: one answer beyond the tenth."""
    judgments = {"q1": {"a": 2, "b": 1, "z": 0}, "q2": {"a": 1}, "q3": {"a": 1}}
    ranked = {"q1": ["x", "a", "b", "z"], "q3": [*"bcdefghijkl", "a"]}
    values = per_query(judgments, ranked, ["q1", "q2", "q3"])
    ideal = 2 / np.log2(2) + 1 / np.log2(3)
    assert values["ndcg@10"][0] == pytest.approx((2 / np.log2(3) + 1 / np.log2(4)) / ideal)
    assert values["mrr@10"].tolist() == pytest.approx([0.5, 0, 0])
    assert values["recall@10"].tolist() == pytest.approx([1, 0, 0])
    assert values["p@1"].tolist() == [0, 0, 0]
    assert values["p@3"][0] == pytest.approx(2 / 3)
    assert values["judged@10"][0] == pytest.approx(0.75)


def test_a_mean_has_its_interval_and_nothing_has_no_mean() -> None:
    values = np.asarray([0.0, 1.0] * 50)
    found = mean(values)
    assert found.mean == 0.5
    assert 0.38 < found.lo < 0.45 < 0.55 < found.hi < 0.62
    assert mean(values) == found  # the same figures each time
    assert mean(np.ones(5)).lo == 1
    with pytest.raises(ValueError, match="no values"):
        mean(np.asarray([]))


def test_a_difference_is_told_from_chance() -> None:
    rng = np.random.default_rng(0)
    base = rng.uniform(size=200)
    assert compare("a", "b", "m", base + 0.05, base).p < 0.001
    noise = compare("a", "b", "m", base, base + rng.normal(0, 0.2, 200))
    assert noise.p > 0.01
    assert noise.difference.lo < 0 < noise.difference.hi
    assert compare("a", "b", "m", base, base).p == 1


def test_gini_by_hand() -> None:
    assert gini(np.asarray([1.0, 1, 1, 1])) == 0
    assert gini(np.asarray([0.0, 0, 0, 4])) == pytest.approx(0.75)
    assert gini(np.zeros(3)) == 0


# --- running ---


def told(id: str, text: str, **facts: Any):  # type: ignore[no-untyped-def]
    return make_story(id, title=id, parts=({"part": "whole", "text": text},), provenance="sample", **facts)


@pytest.fixture
def small() -> Task:
    """Six stories and five shares, one of which no story answers."""
    documents = {
        s.id: s
        for s in (
            told(
                "whisky",
                "whisky in the kitchen every night and the lamp",
                themes=("alcohol",),
                hope=5,
                stage="further_along",
            ),
            told(
                "wine",
                "wine and whisky on the stairs",
                themes=("alcohol",),
                hope=1,
                stage="in_the_middle",
                context=("parent",),
            ),
            told(
                "mother",
                "my mother died in spring",
                themes=("grief",),
                hope=3,
                stage="finding_my_way",
                content_notes=("death",),
            ),
            told(
                "father",
                "my father died and the garden",
                themes=("grief",),
                hope=4,
                setbacks=True,
                content_notes=("death",),
            ),
            told("exam", "the exam went wrong twice", themes=("study",), pathways=("medication",)),
            told("boss", "my boss shouted at the office", themes=("work",)),
        )
    }
    asked = (
        Asked("q1", ("whisky every night",), {"kind": "short"}),
        Asked("q2", ("my mother died", "in spring it was"), {"kind": "turns"}),
        Asked("q3", ("the exam went wrong",), {"kind": "short"}),
        Asked("q4", ("my boss shouted",), {}),
        Asked("q5", ("zebra umbrellas volcano",), {"kind": "no_match"}),
    )
    judgments = {
        "q1": {"whisky": 3, "wine": 2, "exam": 0},
        "q2": {"mother": 3, "father": 2},
        "q3": {"exam": 3, "boss": 0},
        "q4": {"boss": 2},
        "q5": {},
    }
    return Task("small", documents, asked, judgments)


def test_every_pipeline_finds_and_the_record_holds_what_is_promised(small: Task, tmp_path: Path) -> None:
    record, runs = evaluate(small, WordEmbedder(), floor=0.2)
    assert record["task"] == "small"
    assert record["default"] == DEFAULT
    assert (record["n_queries"], record["n_docs"], record["n_without_an_answer"]) == (4, 6, 1)
    for name, figures in record["pipelines"].items():
        assert figures["p@1"]["mean"] == 1, name
        assert figures["ndcg@10"]["lo"] <= figures["ndcg@10"]["mean"] <= figures["ndcg@10"]["hi"]
        assert figures["cpu_ms_per_query"] > 0
        assert set(record["per_query"][name]) == {"q1", "q2", "q3", "q4"}
    assert {(c["a"], c["b"]) for c in record["comparisons"]} == {
        (DEFAULT, n) for n in record["pipelines"] if n != DEFAULT
    }
    assert record["honesty"]["recall"] == 1
    assert record["honesty"]["withheld"] == 0
    assert record["kinds"]["short"]["queries"] == 2
    assert json.loads(json.dumps(record)) == record
    write_run(tmp_path / "run.txt", [runs[DEFAULT]])
    first = (tmp_path / "run.txt").read_text().splitlines()[0].split()
    assert first[:4] == ["q1", "Q0", "whisky", "1"]
    assert first[5] == DEFAULT


def test_what_has_the_querys_own_id_is_no_answer(small: Task) -> None:
    asked = Asked("whisky", ("whisky in the kitchen",), {})
    task = replace(small, queries=(asked,), judgments={"whisky": {"wine": 1}})
    how = pipeline(DEFAULT)
    assert Bench(task, WordEmbedder()).run(how).ids()["whisky"][0] == "whisky"
    ignoring = Bench(replace(task, ignore_identical_ids=True), WordEmbedder()).run(how).ids()["whisky"]
    assert ignoring[0] == "wine"
    assert "whisky" not in ignoring


def test_exposure_by_hand(small: Task) -> None:
    run = Bench(small, WordEmbedder()).run(pipeline("dense"))
    shown = [ranked[:1] for ranked in run.ranked.values()]  # whisky, mother, exam, boss, and one for the zebra
    told_of = fairness.exposure(small, shown)
    assert told_of["largest_share"] in (0.2, 0.4)
    assert told_of["never_shown"] in (1 / 3, round(1 / 6, 4), round(2 / 6, 4))
    assert told_of["largest_of_mean"] == round(told_of["largest_share"] * len(small.documents), 2)
    below = fairness.exposure(small, shown, floor=2.0)
    assert below["never_shown"] == 1.0, "what is below the floor is not shown"
    nobody = fairness.exposure(small, [])
    assert nobody == {"gini": 0.0, "never_shown": 1.0, "largest_share": 0.0, "largest_of_mean": 0.0}


def test_groups_need_enough_to_be_said(small: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Bench(small, WordEmbedder()).run(pipeline(DEFAULT))
    assert fairness.by_group(small, run)["theme"] == {}
    monkeypatch.setattr(fairness, "LEAST", 2)
    groups = fairness.by_group(small, run)
    assert groups["theme"]["grief"]["pairs"] == 2
    assert groups["theme"]["grief"]["found"]["mean"] == 1
    assert "study" not in groups["theme"]


def test_honesty_needs_both_kinds(small: Task) -> None:
    run = Bench(small, WordEmbedder()).run(pipeline(DEFAULT))
    never = fairness.honesty(small, run, floor=-1)
    assert (never["recall"], never["precision"], never["withheld"]) == (0, None, 0)
    always = fairness.honesty(small, run, floor=2)
    assert (always["recall"], always["precision"], always["withheld"]) == (1, 0.2, 1)
    assert fairness.honesty(replace(small, queries=small.queries[:4]), run, 0.2) == {}


def test_wider_turns_spread_what_is_shown(small: Task) -> None:
    curve = trade_off(Bench(small, WordEmbedder()), ["q1", "q2", "q3", "q4"])
    assert [point["width"] for point in curve if point["default"]]
    assert curve[0]["ndcg@10"] >= curve[-1]["ndcg@10"]
    assert curve[0]["gini"] >= curve[-1]["gini"]


def test_the_conversation_is_measured(small: Task) -> None:
    record, _ = evaluate(small, WordEmbedder(), [DEFAULT], floor=0.2)
    talk = record["talk"]
    assert set(talk["what_is_looked_for"]) == {"as the page does", "the first turn", "the last turn"}
    assert talk["more_like_this"]["after"]["queries"] >= 1
    dials = talk["dials"]
    assert dials["without death"]["met_with"] == 1 > dials["without death"]["met_without"]
    assert dials["further along"]["met_with"] >= dials["further along"]["met_without"]
    assert dials["without a word (mother)"]["met_with"] == 1


# --- reports ---


def test_reports_hold_the_figures_and_need_nothing_from_elsewhere(small: Task) -> None:
    record, _ = evaluate(small, WordEmbedder(), floor=0.2)
    text = markdown(record)
    assert f"**`{DEFAULT}`**" in text
    for heading in ("Honest emptiness", "Equal worth", "Conversation", "By kind"):
        assert heading in text
    page = html(record)
    assert page.count("<svg") == page.count("</svg>") == 3
    assert "<script" not in page
    assert "http" not in page
    assert page.count("<table>") == page.count("</table>") > 3
    assert "per_query" not in kept(record)


def test_a_fall_below_the_published_interval_is_said(small: Task) -> None:
    record, _ = evaluate(small, WordEmbedder(), [DEFAULT], floor=0.2)
    assert fallen(record, kept(record)) == ()
    better = json.loads(json.dumps(kept(record)))
    better["pipelines"][DEFAULT]["ndcg@10"] = {"mean": 1.2, "lo": 1.1, "hi": 1.3}
    (said,) = fallen(record, better)
    assert "ndcg@10" in said
    assert "below" in said


# --- the command ---


def test_the_command_refuses_a_leak_and_a_wrong_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = lines({"_id": "q1", "text": LONG}, {"_id": "q2", "text": "rain"})
    texts = [("a", "x"), ("b", "y"), ("c", LONG)]
    leaky = folder(tmp_path / "leaky", queries=asked, corpus=lines(*({"_id": i, "text": t} for i, t in texts)))
    assert main(["evaluate", str(folder(tmp_path / "fine")), "--pipeline", "nonsense"]) == 2
    assert "journey" in capsys.readouterr().err
    assert main(["evaluate", str(tmp_path / "nowhere")]) == 2
    capsys.readouterr()
    assert main(["evaluate", str(leaky), "--json", "-"]) == 2
    shown = capsys.readouterr()
    assert "q1 stands in document c" in shown.err
    assert shown.out == ""


@pytest.mark.model
def test_the_command_prints_what_it_promises(tmp_path: Path, embedded: Path) -> None:
    copied(embedded, tmp_path / "data", only_models=True)
    fine = folder(tmp_path / "fine")
    files = {name: tmp_path / f"out.{name}" for name in ("html", "run", "markdown")}
    more = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    done = subprocess.run(
        [sys.executable, "-m", "index", "evaluate", str(fine), "--json", "-", "--compare", "journey", "whole", *more],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "SHARED_JOURNEY_DATA": str(tmp_path / "data")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert set(record["pipelines"]) == {"journey", "whole"}
    assert (record["comparisons"][0]["a"], record["comparisons"][0]["b"]) == ("journey", "whole")
    assert record["pipelines"]["journey"]["p@1"]["mean"] == 1
    assert all(path.stat().st_size > 100 for path in files.values())
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["models"]  # measuring makes no collection
