"""The commands of care: measuring it, and making the weights of its heads."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from datetime import date
from typing import TYPE_CHECKING

from assistant.care.heads import shipped
from assistant.care.screener import Screener

if TYPE_CHECKING:
    from index.embed import Embedder


def reader(rules_only: bool) -> Screener:
    """The screen as the page has it, or its rules alone."""
    if rules_only:
        return Screener()
    return Screener(_model())


def _model() -> Embedder:
    """What care reads with, whichever model finding is set to."""
    from index.settings import IndexSettings, bundled, open_embedder

    return open_embedder(bundled(IndexSettings.read()))


def evaluate(given: argparse.Namespace) -> int:
    from assistant.care import lines, measuring, report

    of = tuple(lines.read(given.lines)) if given.lines else lines.written(kept_apart=True)
    screen = reader(given.rules_only)
    screen("so that nothing is loaded while it is timed")
    record = measuring.measure(of, screen)
    if given.posts:
        record["posts_by_severity"] = measuring.labelled_by(given.posts, "severity", screen)
    if given.questions:
        record["questions_by_topic"] = measuring.labelled_by(given.questions, "topic", screen)
    if given.publish:
        record |= {"measured_on": date.today().isoformat(), "made_on": shipped().card["made_on"]}
        report.FILE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        report.DOCUMENT.write_text(report.document(record), encoding="utf-8")
    print(json.dumps(record, indent=1) if given.json else report.markdown(record))
    return 0


def train(given: argparse.Namespace) -> int:
    from assistant.care import training

    card = training.train(_model(), given.posts, given.questions, lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps(card, indent=1))
    return 0


def referrals(given: argparse.Namespace) -> int:
    from assistant.care import yearly
    from corpus.settings import CorpusSettings, open_corpus

    settings = CorpusSettings.read()
    with contextlib.closing(open_corpus(settings)) as store:
        report = yearly.yearly(given.year, store.care_in(given.year), settings.counts)
    print(json.dumps(report, indent=1) if given.json else yearly.as_text(report))
    return 0
