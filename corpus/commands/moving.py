"""portable save | load: a collection leaves with its stories and their permissions"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corpus.settings import CorpusSettings
    from corpus.store import Store

ACTOR = "command line"


def add(commands: Any) -> None:
    portable = commands.add_parser("portable", help="the whole collection as one folder: save, load")
    verbs = portable.add_subparsers(dest="verb", required=True)
    save = verbs.add_parser("save", help="write stories, consents, audit and checksums to a new folder")
    save.add_argument("folder", type=Path)
    load = verbs.add_parser("load", help="take such a folder into a collection that has no own stories yet")
    load.add_argument("folder", type=Path)
    portable.set_defaults(run=_run)


def _run(store: Store, _: CorpusSettings, given: argparse.Namespace) -> int:
    from corpus import portable

    if given.verb == "save":
        done = portable.save(store, given.folder, ACTOR)
        print(f"{done.stories} stories with their consents and {done.lines} lines of audit are in {given.folder}.")
        print("Whoever has this folder has the stories.")
    else:
        done = portable.load(store, given.folder, ACTOR)
        print(f"{done.stories} stories with their consents and {done.lines} lines of audit came in.")
    return 0
