"""python -m index evaluate FOLDER: the command."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from corpus.errors import BadRecord

SAMPLES = "samples"  # the name, in place of a folder, of the labelled set that comes with the samples
GROUPS = "groups"  # and of the needs that are written for the sample groups


def add(commands: Any) -> None:
    """Add the command to a parser. Nothing heavy is imported for it."""
    evaluate = commands.add_parser(
        "evaluate",
        help="measure finding on a task with judgments",
        description="Measures finding on a BEIR folder (corpus.jsonl, queries.jsonl, qrels/test.tsv), or on the "
        "labelled set that comes with the samples. The default pipeline is what the page does.",
    )
    evaluate.add_argument("folder", help="a BEIR folder, or the word “samples” or “groups”")
    evaluate.add_argument(
        "--pipeline", action="append", default=[], metavar="NAME", help="measure this one (repeat it)"
    )
    evaluate.add_argument(
        "--compare", nargs=2, action="append", default=[], metavar=("A", "B"), help="compare A with B"
    )
    evaluate.add_argument("--split", default="test", help="which qrels/NAME.tsv (default test)")
    evaluate.add_argument(
        "--leaks", choices=("refuse", "drop"), default="refuse",
        help="what to do with queries that stand in a document which is not their answer (default: refuse to run)",
    )  # fmt: skip
    evaluate.add_argument("--json", metavar="FILE", help="write the figures as JSON (- for standard output)")
    evaluate.add_argument("--markdown", metavar="FILE", help="write them as Markdown (- for standard output)")
    evaluate.add_argument("--html", metavar="FILE", help="write them as one HTML page with plots")
    evaluate.add_argument("--run", metavar="FILE", help="write the ranks as a TREC run file")
    evaluate.add_argument(
        "--published", metavar="FILE", help="fail when the default falls below this earlier JSON's interval"
    )


def run(given: argparse.Namespace) -> int:
    """0: done; 1: the default pipeline fell below its published interval; 2 is for errors (raised)."""
    from index.evaluation.evaluate import USUAL, evaluate, write_run
    from index.evaluation.report import fallen, html, markdown
    from index.evaluation.samples import labelled
    from index.evaluation.task import read
    from index.pipelines import pipeline
    from index.progress import progress_bar
    from index.settings import IndexSettings, open_embedder

    if given.folder == GROUPS:
        return _groups(given)
    names = tuple(given.pipeline) or (USUAL if not given.compare else ())
    for name in (*names, *(name for pair in given.compare for name in pair)):
        pipeline(name)  # a wrong name is said before minutes of embedding
    task = labelled() if given.folder == SAMPLES else read(Path(given.folder), given.split)
    settings = IndexSettings.read()
    embedder = open_embedder(settings)
    record, runs = evaluate(
        task,
        embedder,
        names,
        [(a, b) for a, b in given.compare],
        on_leak=given.leaks,
        on_progress=progress_bar() if sys.stderr.isatty() else None,
    )
    if given.json:
        _give(given.json, json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    if given.markdown:
        _give(given.markdown, markdown(record))
    if given.html:
        _give(given.html, html(record))
    if given.run:
        write_run(Path(given.run), runs.values())
    if "-" not in (given.json, given.markdown):
        print(markdown(record), end="")
    if given.published:
        worse = fallen(record, _published(Path(given.published), record["task"]))
        for line in worse:
            print(line, file=sys.stderr)
        return 1 if worse else 0
    return 0


def _groups(given: argparse.Namespace) -> int:
    """Suggestions of groups: their ways of suggesting are their own, and there is no run file of them."""
    from index.evaluation import groups
    from index.evaluation.report import fallen, html, markdown
    from index.settings import IndexSettings, open_embedder

    for option in ("pipeline", "compare", "run"):
        if getattr(given, option):
            raise BadRecord(f"--{option} is for stories; all ways of suggesting groups are measured at once")
    settings = IndexSettings.read()
    record = groups.evaluate(open_embedder(settings))
    for path, text in (
        (given.json, json.dumps(record, ensure_ascii=False, indent=1) + "\n"),
        (given.markdown, markdown(record)),
        (given.html, html(record)),
    ):
        if path:
            _give(path, text)
    if "-" not in (given.json, given.markdown):
        print(markdown(record), end="")
    worse = fallen(record, _published(Path(given.published), groups.NAME)) if given.published else ()
    for line in worse:
        print(line, file=sys.stderr)
    return 1 if worse else 0


def _give(path: str, text: str) -> None:
    if path == "-":
        print(text, end="")
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadRecord(f"{path} cannot be written: {error}") from error


def _published(path: Path, task: str) -> dict[str, Any]:
    try:
        published: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))[task]
    except (OSError, json.JSONDecodeError) as error:
        raise BadRecord(f"{path} cannot be read: {error}") from error
    except KeyError:
        raise BadRecord(f"{path} holds no figures of the task {task}") from None
    return published
