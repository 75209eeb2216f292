"""The process that opens the files for `corpus.residue`: one question as JSON in, one answer out."""

from __future__ import annotations

import json
import sys
from dataclasses import astuple
from pathlib import Path

from corpus.residue.looking import look_here, stale_here


def main() -> None:
    question = json.load(sys.stdin)
    if "database" in question:
        answer = {"found": [astuple(f) for f in stale_here(Path(question["database"]))]}
    else:
        looked, found = look_here(Path(question["folder"]), [bytes.fromhex(n) for n in question["needles"]])
        answer = {"looked": [astuple(f) for f in looked], "found": [astuple(f) for f in found]}
    json.dump(answer, sys.stdout)
