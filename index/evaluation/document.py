"""docs/evaluation.md, made of figures: `python -m index.evaluation.document FOLDER … [--publish]`, or `make evaluate`.

Measures the labelled set of the samples and each BEIR folder named, and fails when the default pipeline is below an
interval that was published (docs/evaluation.json). With --publish both files are written anew instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.errors import SharedJourneyError
from index.evaluation.report import fallen, kept, markdown
from index.pipelines import DEFAULT, PIPELINES

DOCS = Path(__file__).parent.parent.parent / "docs"
# Every pipeline is published, so that a regression can be traced.
PUBLISHED = tuple(PIPELINES)


def document(records: dict[str, dict[str, Any]]) -> str:
    """The whole page from the published figures."""
    text = (Path(__file__).with_name("preamble.md")).read_text(encoding="utf-8") + "\n"
    text += "## Pipelines\n\n| name | what it is |\n| --- | --- |\n"
    for pipeline in PIPELINES.values():
        name = f"**`{pipeline.name}`**" if pipeline.name == DEFAULT else f"`{pipeline.name}`"
        text += f"| {name} | {pipeline.about} |\n"
    for record in records.values():
        text += "\n" + markdown(record).rstrip("\n") + "\n"
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """0: measured, and nothing fell; 1: the default fell below a published interval; 2: an error, said in one line."""
    parser = argparse.ArgumentParser(prog="python -m index.evaluation.document", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="BEIR folders beside the labelled set of the samples")
    parser.add_argument("--publish", action="store_true", help="write docs/evaluation.json and docs/evaluation.md")
    given = parser.parse_args(arguments)
    try:
        return _measure(given.folders, publish=given.publish)
    except SharedJourneyError as error:
        print(error, file=sys.stderr)
        return 2


def _measure(folders: Sequence[Path], *, publish: bool) -> int:
    from index.evaluation import groups
    from index.evaluation.evaluate import evaluate
    from index.evaluation.samples import labelled
    from index.evaluation.task import read
    from index.settings import IndexSettings, open_embedder

    tasks = (labelled(), *(read(folder) for folder in folders))  # a wrong folder is said before minutes of embedding
    settings = IndexSettings.read()
    embedder = open_embedder(settings)
    path = DOCS / "evaluation.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    records = dict(before)
    worse: list[str] = []

    def measured() -> Iterator[dict[str, Any]]:
        for task in tasks:
            yield evaluate(task, embedder, PUBLISHED)[0]
        yield groups.evaluate(embedder)

    for record in measured():
        name = record["task"]
        print(markdown(record))
        if name in before:
            worse += fallen(record, before[name])
        elif not publish:
            worse.append(f"{name} was never published")
        records[name] = kept(record)
    if publish:
        path.write_text(json.dumps(records, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (DOCS / "evaluation.md").write_text(document(records), encoding="utf-8")
        return 0
    for line in worse:
        print(line, file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
