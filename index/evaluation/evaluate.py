"""A whole evaluation: from a task to one record of figures, which the reports are made from."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import BadRecord
from index.choose import DAY, TURN, Turns
from index.embed import Embedder
from index.evaluation import fairness, talk
from index.evaluation.measures import NAMES, compare, mean, per_query
from index.evaluation.run import DEPTH, Bench, Run
from index.evaluation.task import Task, leaks
from index.pipelines import DEFAULT, Pipeline, pipeline
from index.query import Query
from index.rank import FLOOR

# What a run compares when nobody names pipelines: the default with what a developer would take otherwise.
USUAL = (DEFAULT, "dense", "whole", "bm25", "ranks", "zscores")
_SAID = 10  # leaks that are named one by one
WIDTHS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
_DAYS = 7


def guarded(task: Task, on_leak: str = "refuse") -> tuple[Task, tuple[str, ...]]:
    """The task without what leaks, and what was left out as plain sentences.

    on_leak: `refuse` raises BadRecord when a query stands in a document that is not its answer, and says which;
    `drop` leaves such queries out.
    """
    found = leaks(task)
    if not found:
        return task, ()
    said = tuple(str(leak) for leak in found)
    if on_leak == "refuse":
        more = f" and {len(said) - _SAID} more" if len(said) > _SAID else ""
        raise BadRecord(
            f"{task.name} leaks: {'; '.join(said[:_SAID])}{more}. This would measure copying. "
            "Mend the task, or leave such queries out with --leaks drop."
        )
    gone = {leak.query for leak in found}
    kept = replace(task, queries=tuple(q for q in task.queries if q.id not in gone))
    if not kept.answerable():
        raise BadRecord(f"{task.name}: every query leaks; nothing is left to measure")
    return kept, said


def evaluate(
    task: Task,
    embedder: Embedder,
    names: Sequence[str] = USUAL,
    comparisons: Sequence[tuple[str, str]] = (),
    *,
    floor: float = FLOOR,
    on_leak: str = "refuse",
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Any], dict[str, Run]]:
    """(the record of figures, the run of each pipeline). BadRecord when there is nothing to measure or the task
    leaks."""
    task, dropped = guarded(task, on_leak)
    pairs = list(comparisons) or [(DEFAULT, name) for name in names if name != DEFAULT and DEFAULT in names]
    wanted = list(dict.fromkeys([*names, *(name for pair in pairs for name in pair)]))
    chosen = {name: pipeline(name) for name in wanted}
    bench = Bench(task, embedder, floor=floor, on_progress=on_progress)
    queries = [q.id for q in task.answerable()]
    runs = {name: bench.run(how) for name, how in chosen.items()}
    values = {name: per_query(task.judgments, run.ids(), queries) for name, run in runs.items()}
    record: dict[str, Any] = {
        "task": task.name,
        "default": DEFAULT,
        "model": embedder.name,
        "n_queries": len(queries),
        "n_docs": len(task.documents),
        "n_without_an_answer": len(task.unanswerable()),
        "python": platform.python_version(),
        "pipelines": {name: _figures(runs[name], values[name]) for name in wanted},
        "comparisons": [
            compare(a, b, "ndcg@10", values[a]["ndcg@10"], values[b]["ndcg@10"]).as_dict() for a, b in pairs
        ],
        "left_out": list(dropped),
        "per_query": {
            name: dict(zip(queries, (round(float(v), 4) for v in values[name]["ndcg@10"]), strict=True))
            for name in wanted
        },
    }
    least = floor if fairness.has_facts(task) else -1.0
    record["exposure"] = {name: fairness.exposure(task, run.ranked.values(), least) for name, run in runs.items()}
    if DEFAULT in runs and fairness.has_facts(task):
        run = runs[DEFAULT]
        record["floor"] = floor
        record["honesty"] = fairness.honesty(task, run, floor)
        record["shown"] = fairness.shown_grades(task, run, floor)
        record["variety"] = fairness.variety(run, floor)
        record["groups"] = fairness.by_group(task, run)
        record["kinds"] = _by_kind(task, values[DEFAULT]["ndcg@10"], queries)
        record["turns"] = trade_off(bench, queries)
        record["talk"] = talk.measure(bench, pipeline(DEFAULT))
    return record, runs


def _figures(run: Run, values: dict[str, Any]) -> dict[str, Any]:
    cost = np.asarray(list(run.cpu_ms.values()))
    return {
        **{name: mean(values[name]).as_dict() for name in NAMES},
        "cpu_ms_per_query": round(float(cost.mean()), 2),
        "cpu_ms_p95": round(float(np.percentile(cost, 95)), 2),
    }


def _by_kind(task: Task, ndcg: Any, queries: Sequence[str]) -> dict[str, Any]:
    """nDCG@10 of each kind of query, where the task names kinds."""
    kinds: dict[str, list[float]] = {}
    facts = {q.id: q.facts for q in task.queries}
    for id, value in zip(queries, ndcg, strict=True):
        if kind := facts[id].get("kind"):
            kinds.setdefault(str(kind), []).append(float(value))
    return {
        kind: {"queries": len(some), "ndcg@10": mean(np.asarray(some)).as_dict()}
        for kind, some in sorted(kinds.items())
    }


def trade_off(bench: Bench, queries: Sequence[str]) -> list[dict[str, float]]:
    """Equal worth and its price: exposure over all shares, and nDCG@10 over `queries`, on seven days in a row.

    The first point is without turns, without a story's own day and without standing back, as if nobody saw to it; the
    others are with all three, for each width of a turn.
    """
    how = pipeline(DEFAULT)
    unseen = _point(bench, queries, replace(how, stand_back=0.0), 0.0, 0.0)
    return [unseen, *(_point(bench, queries, how, width, DAY) for width in WIDTHS)]


def _point(bench: Bench, queries: Sequence[str], how: Pipeline, width: float, own: float) -> dict[str, float]:
    ranker = bench.ranker(how)
    asked = bench.task.queries
    found = {q.id: ranker.rank(Query(bench.sense(q)[0], exclude=bench.shut(q))) for q in asked}
    ndcg, shown = [], []
    for day in range(_DAYS):
        order = {}
        for q in asked:
            sense = bench.sense(q)[0]
            turns = Turns("evaluation", day, sense.asked())
            order[q.id] = bench.order(found[q.id], sense, width=width, turns=turns, day=own)
        ids = {q: [r.id for r in ranked] for q, ranked in order.items()}
        ndcg.append(per_query(bench.task.judgments, ids, queries)["ndcg@10"].mean())
        shown += list(order.values())
    return {
        "width": width,
        "seen_to": float(own > 0),
        "default": float(width == TURN),
        "ndcg@10": round(float(np.mean(ndcg)), 4),
        **fairness.exposure(bench.task, shown, bench.floor),
    }


def write_run(path: Path, runs: Iterable[Run]) -> None:
    """The ranks as a TREC run file: query, Q0, document, rank, score, pipeline. Best first, DEPTH ranks a query at
    most."""
    with path.open("w", encoding="utf-8") as file:
        for run in runs:
            for query, ranked in run.ranked.items():
                for rank, match in enumerate(ranked[:DEPTH], 1):
                    # What is shown first is a choice and not a score alone: the rank is what counts.
                    file.write(f"{query} Q0 {match.id} {rank} {DEPTH - rank + 1} {run.pipeline.name}\n")
