"""Writes docs/first-run.md: real questions through the turn and through the search command, counted and never quoted.

    python -m tests.first_run QUESTIONS.jsonl        # {"id", "text", "topic"} a line; or: make first-run QUERIES=FILE

Each question opens a conversation of its own. The data folder is a new one with the samples.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from assistant.care import screen
from assistant.settings import Settings, open_parts
from index import find
from index.pipelines import DEFAULT, pipeline
from index.query import Query
from index.rank import FLOOR

ROOT = Path(__file__).parent.parent
SMALL = 5  # topics with fewer questions are put together: so few say nothing, and could point at somebody
OFF_TOPIC = [  # written for this page: what a finder of stories should find nothing for
    "how do I bake sourdough bread", "what is the capital of mongolia", "my laptop does not boot after the update",
    "def foo(x): return x + 1", "best football boots for a wide foot", "the weather is nice today",
    "when does the train to leeds leave", "asdf qwer zxcv", "tell me a joke about cats", "who won the election",
    "recommend a good phone", "lasagne recipe please", "convert 30 miles to km", "how do i change a tyre",
    "what time is it in tokyo", "write me a poem about spring", "is python better than java",
    "my plant has yellow leaves", "who painted the mona lisa", "cheap flights to rome", "explain photosynthesis",
    "best paint for a bathroom ceiling", "how tall is the eiffel tower", "translate good morning into french",
    "what does http 404 mean", "rules of chess castling", "how to tie a bow tie", "top ten beaches in spain",
    "SELECT * FROM users WHERE id = 1", "compare mortgage rates",
]  # fmt: skip


def main(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        started = time.perf_counter()
        with open_parts(settings) as parts:
            first_start = time.perf_counter() - started
            kinds, tiers, close, wall, cpu, errors = Counter(), defaultdict(Counter), defaultdict(list), [], [], 0
            shown: Counter[str] = Counter()
            groups = 0
            for row in rows:
                session, _ = parts.turn.start()
                a, b = time.perf_counter(), time.process_time()
                try:
                    _, reply = parts.turn.respond(session, row["text"])
                except Exception as error:  # counted, never hidden: the page must not see one
                    errors += 1
                    print(f"question {row['id']}: {type(error).__name__}", file=sys.stderr)
                    continue
                wall.append(1000 * (time.perf_counter() - a))
                cpu.append(1000 * (time.process_time() - b))
                kinds[reply.kind] += 1
                seen = screen(row["text"])
                tiers[row["topic"]]["clinical" if seen.clinical and seen.tier < 2 else f"T{seen.tier}"] += 1
                if reply.kind in ("stories", "nothing_close"):
                    close[row["topic"]].append(reply.kind == "stories")
                shown.update(card.id for card in reply.cards if reply.kind == "stories")
                groups += bool(reply.groups)
            off = sum(parts.turn.respond(parts.turn.start()[0], text)[1].kind == "stories" for text in OFF_TOPIC)
            collection = len(parts.store.summaries())
            by_theme = _precision(parts.finder, rows)
        started = time.perf_counter()
        with open_parts(settings):
            second_start = time.perf_counter() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

        command = [sys.executable, "-m", "index", "search", "--queries", str(path.resolve()), "--json"]
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "SHARED_JOURNEY_DATA": folder},
        )
        found = json.loads(done.stdout) if done.returncode == 0 else []

    few = {topic for topic, n in Counter(row["topic"] for row in rows).items() if n < SMALL}
    lines = [
        "# A first run on real questions",
        "",
        f"What {len(rows)} people asked counsellors online went through the turn (one conversation each) and through",
        "`python -m index search --queries`, on the sample collection. They are real people's words: they are counted",
        f"here and quoted nowhere. Made by `make first-run`; Python {platform.python_version()}, two cores, no GPU.",
        "",
        "| | |",
        "| --- | --- |",
        f"| stories in the collection (all samples) | {collection} |",
        f"| floor (score below which nothing is called close) | {FLOOR} |",
        f"| exceptions | {errors} |",
        "| kinds of answer | " + ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()) + " |",
        f"| answers with a story above the floor, of those that looked for stories | {_share([x for v in close.values() for x in v])} |",
        f"| answers with a group | {groups} of {len(rows)} |",
        f"| different stories shown | {len(shown)} of {collection}; the most shown stands in {max(shown.values())} answers |",
        f"| a turn, wall ms | p50 {np.percentile(wall, 50):.0f}, p95 {np.percentile(wall, 95):.0f}, longest {max(wall):.0f} |",
        f"| a turn, CPU ms | p50 {np.percentile(cpu, 50):.0f}, p95 {np.percentile(cpu, 95):.0f} |",
        f"| memory of the process without the page (highest) | {memory:.0f} MB |",
        f"| first start (database, samples, model, embedding) | {first_start:.0f} s |",
        f"| second start, in the same process | {second_start:.1f} s |",
        f"| `index search --queries`: answers, with something close | {len(found)}, {sum(bool(row['results']) for row in found)} |",
        f"| first three stories that are of the question's topic (P@3, {sum(row['topic'] in TOPICS for row in rows)} questions), "
        "by weight of the narrators' themes | " + ", ".join(f"{w}: {p:.2f}" for w, p in by_theme.items()) + " |",
        f"| {len(OFF_TOPIC)} requests of another kind (recipes, trains, code), answered with stories | {off} |",
        "",
        "## By topic",
        "",
        f"Topics with fewer than {SMALL} questions are put together. Tiers are those of `care` for the message alone;",
        "nobody has judged here whether they are right (`clinical`: a question for a clinician, below T2).",
        "",
        "| topic | questions | story above the floor | T0 | T1 | T2 | T3 | clinical |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    topics: dict[str, list[str]] = defaultdict(list)
    for topic in tiers:
        topics["others" if topic in few else topic].append(topic)
    for name, members in sorted(topics.items(), key=lambda item: -sum(sum(tiers[m].values()) for m in item[1])):
        counts = sum((tiers[m] for m in members), Counter())
        looked = [x for m in members for x in close[m]]
        cells = " | ".join(str(counts[key]) for key in ("T0", "T1", "T2", "T3", "clinical"))
        lines.append(f"| {name} | {sum(counts.values())} | {_share(looked)} | {cells} |")
    total = sum(tiers.values(), Counter())
    lines.append(
        f"| **all** | {sum(total.values())} | {_share([x for v in close.values() for x in v])} | "
        + " | ".join(str(total[key]) for key in ("T0", "T1", "T2", "T3", "clinical")) + " |"
    )  # fmt: skip
    target = ROOT / "docs" / "first-run.md"
    kept = target.read_text(encoding="utf-8").partition("\n## Read by a person")[2] if target.exists() else ""
    target.write_text("\n".join(lines) + "\n" + (f"\n## Read by a person{kept}" if kept else ""), encoding="utf-8")
    print(target.read_text(encoding="utf-8"))


# Topics of the questions for which a theme of ours is an answer. A story counts when one of its first two themes is.
TOPICS = {
    "depression": {"depression", "suicidal_thoughts"}, "anxiety": {"anxiety", "panic", "ocd"},
    "parenting": {"family", "perinatal", "caring"}, "relationship-dissolution": {"relationships"},
    "workplace-relationships": {"work", "job_loss"}, "spirituality": {"faith"},
    "trauma": {"trauma", "abuse", "military"}, "domestic-violence": {"abuse"}, "anger-management": {"anger"},
    "sleep-improvement": {"sleep"}, "grief-and-loss": {"grief", "suicide_loss"},
    "substance-abuse": {"alcohol", "opioids", "other_drugs"},
    "addiction": {"alcohol", "opioids", "other_drugs", "gambling"}, "family-conflict": {"family"},
    "marriage": {"relationships"}, "eating-disorders": {"eating"}, "relationships": {"relationships"},
    "lgbtq": {"identity"}, "intimacy": {"relationships"},
}  # fmt: skip


def _precision(finder: find.Finder, rows: list[dict[str, str]]) -> dict[float, float]:
    """Weight of the narrators' themes → share of the first three stories that are of the question's topic."""
    asked = [(finder.sense(row["text"]), TOPICS[row["topic"]]) for row in rows if row["topic"] in TOPICS]
    chosen, measured = pipeline(DEFAULT), {}
    for weight in (0.0, chosen.themes):
        finder._ranker.how = replace(chosen, themes=weight)
        hits = [
            np.mean([bool(set(match.story.themes[:2]) & wanted) for match in finder.find(Query(sense))])
            for sense, wanted in asked
        ]
        measured[weight] = float(np.mean(hits))
    finder._ranker.how = chosen
    return measured


def _share(values: list[bool]) -> str:
    return f"{sum(values)} of {len(values)} ({100 * sum(values) / len(values):.0f} %)" if values else "–"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
