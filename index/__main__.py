"""python -m index build | search | export | bench | evaluate"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.console import speak_utf8
from corpus.errors import BadRecord, SharedJourneyError
from corpus.jsonl import texts
from corpus.vocabulary import phrase
from index.evaluation import command as commands_evaluate
from index.progress import progress_bar

if TYPE_CHECKING:
    from index.query import Dials


def main(arguments: list[str] | None = None) -> int:
    """Run a command. 0: done; 1: nothing close (search, without --json), or dearer than it should be (bench --smoke);
    2: an error that was said in one line."""
    parser = argparse.ArgumentParser(prog="python -m index", description="Build and search the index of stories.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="embed stories that are new or changed, and drop vectors of other models")
    commands.add_parser("export", help="export the model anew and say how near it comes to the original")
    bench = commands.add_parser("bench", help="what the ways of computing the model cost on this machine")
    bench.add_argument(
        "--vectors", type=int, nargs="+", metavar="N", help="instead: what searching so many vectors costs and finds"
    )
    bench.add_argument("--groups", type=int, metavar="N", help="instead: what taking in so many groups costs")
    bench.add_argument(
        "--against", nargs="*", metavar="NAME",
        help="instead: what turns, searches, changes and starts cost here and with what one would pick instead, which "
        "is installed into a Python of its own: langchain, txtai, chroma, lancedb, haystack, sqlite-vec (default: all)",
    )  # fmt: skip
    bench.add_argument("--smoke", action="store_true", help="instead: fail if this got dearer than the plain way")
    bench.add_argument("--passages", type=int, nargs="+", metavar="N", help="with --against (default 1000 10000)")
    bench.add_argument("--folder", type=Path, help="with --against: what is made once (default: `bench` in the data)")
    search = commands.add_parser("search", help="find stories for a text, as the page does")
    search.add_argument("text", nargs="?", help="what somebody might write")
    search.add_argument("--queries", type=Path, help='a JSONL file with {"id", "text"} a line, instead of a text')
    search.add_argument("--count", type=int, default=3, help="most stories a text (default 3)")
    search.add_argument("--json", action="store_true", help="print JSON")
    search.add_argument(
        "--dial", action="append", default=[], metavar="NAME=VALUE",
        help="what a person chose: along=near|further, outcome=still_in_it|out, length=short|long, and (several times) "
        "pathways=ID, context=ID, languages=TAG, without=NOTE, mute=WORD",
    )  # fmt: skip
    commands_evaluate.add(commands)
    given = parser.parse_args(arguments)
    speak_utf8()
    try:
        if given.command == "build":
            return _build()
        if given.command == "export":
            return _export()
        if given.command == "bench":
            return _bench(given)
        if given.command == "evaluate":
            return commands_evaluate.run(given)
        if (given.text is None) == (given.queries is None):
            search.error("give either a text or --queries FILE")
        return _search(given)
    except SharedJourneyError as error:
        print(error, file=sys.stderr)
        return 2


def _build() -> int:
    from corpus.settings import open_corpus
    from index.settings import IndexSettings, open_finder

    settings = IndexSettings.read()
    store = open_corpus(settings)
    try:
        finder = open_finder(settings, store, progress_bar())
        dropped = store.drop_other_schemes(finder.scheme)
        if dropped:
            store.scrub()
        total = len(store.changes(0, finder.scheme).stories)
    finally:
        store.close()
    print(f"{total} stories are embedded with {finder.scheme}; vectors of other models dropped for {dropped}.")
    return 0


def _export() -> int:
    from index.exported import reexport
    from index.settings import IndexSettings

    settings = IndexSettings.read()
    for runtime in ("onnx", "int8"):
        print(f"{runtime}: {reexport(settings.model, settings.data / 'models', runtime)}", flush=True)
    return 0


def _bench(given: argparse.Namespace) -> int:
    from index.settings import IndexSettings

    settings = IndexSettings.read()
    if given.against is not None:
        from index.bench import against

        if unknown := [name for name in given.against if name not in against.PEERS]:
            raise BadRecord(f"--against {unknown[0]}: the names are {', '.join(against.PEERS)}.")
        folder = given.folder or settings.data / "bench"
        against.against(settings, given.against, given.passages or against.SIZES, folder, print)
        return 0
    if given.smoke:
        from index.bench.smoke import smoke

        wrong = smoke(settings, print)
        for line in wrong:
            print(line, file=sys.stderr)
        return 1 if wrong else 0
    from index.bench import groups, models, nearest

    if given.groups:
        groups.bench(given.groups, print)
    elif given.vectors:
        nearest.bench(settings, given.vectors, print)
    else:
        models.bench(settings, print)
    return 0


def _search(given: argparse.Namespace) -> int:
    from corpus.settings import open_corpus
    from corpus.types import Provenance
    from index.query import Query
    from index.settings import IndexSettings, open_finder

    settings = IndexSettings.read()
    chosen = dials(given.dial)
    queries = [(None, given.text)] if given.queries is None else list(texts(given.queries))
    store = open_corpus(settings)
    try:
        finder = open_finder(settings, store, progress_bar())
        answers: list[tuple[Any, list[dict[str, Any]]]] = []
        for id, text in queries:
            sense = finder.sense(text)
            matches = [match for match in finder.find(Query(sense, count=given.count, dials=chosen)) if match.close]
            answers.append(
                (
                    id,
                    [
                        {
                            "id": match.story.id,
                            "title": match.story.title,
                            "score": round(match.score, 4),
                            "passage": match.passage,
                            "why": why(match.story.themes, sense.touched, match.span.part.label),
                            "sample": match.story.provenance is Provenance.SAMPLE,
                        }
                        for match in matches
                    ],
                )
            )
    finally:
        store.close()

    if given.json:
        rows: Any = answers[0][1] if given.queries is None else [{"id": id, "results": found} for id, found in answers]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    for id, found in answers:
        if id is not None:
            print(f"== {id}")
        if not found:
            print("Nothing close.")
        for row in found:
            label = " [sample, written for demonstration]" if row["sample"] else ""
            print(f"{row['score']:.2f}  {row['title']}{label}\n      {row['why']}\n      {row['passage']}\n")
    return 0 if any(found for _, found in answers) else 1


def dials(given: Sequence[str]) -> Dials:
    """Dials from NAME=VALUE. BadRecord says what is not known."""
    from index.query import Dials
    from index.wishes import known

    single = {"along": ("near", "further"), "outcome": ("still_in_it", "out"), "length": ("short", "long")}
    several = ("pathways", "context", "languages", "without", "mute")
    values: dict[str, Any] = {}
    for pair in given:
        name, _, value = pair.partition("=")
        if name in single and value in single[name]:
            values[name] = value
        elif name in several and value:
            values[name] = (*values.get(name, ()), value)
        else:
            raise BadRecord(
                f"--dial {pair}: the dials are {', '.join((*single, *several))}; see --help for their values."
            )
    gathered: Any = {name: v if name in single or name == "mute" else frozenset(v) for name, v in values.items()}
    chosen = Dials(**gathered)
    if wrong := known(chosen):
        raise BadRecord(f"--dial: {'; '.join(wrong)}. The ids are in corpus/vocabulary.yaml.")
    return chosen


def why(themes: tuple[str, ...], touched: tuple[str, ...], part: str) -> str:
    """In one sentence, what the story has to do with the text: its own themes, and where the nearest passage stands."""
    told = [theme for theme in themes if theme in touched] or list(themes[:1])
    about = " and ".join(phrase(theme) for theme in told[:2])
    tells = f"It tells of {about}; the" if about else "The"
    return f"{tells} nearest passage is from “{part}”."


if __name__ == "__main__":
    raise SystemExit(main())
