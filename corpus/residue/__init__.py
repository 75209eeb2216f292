"""Proof that nothing is left: what no file of a folder may hold any more, and what no SQLite file may hold at all.

Both functions read in a process of their own. When a process that has a SQLite database open closes any descriptor of
its file, POSIX drops the locks that SQLite holds there; another process may then delete the log that is still being
written, and acknowledged rows are lost. So nothing here opens a file in the caller's process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from corpus import errors
from corpus.residue.looking import SLICE, Looked, Residue

__all__ = ["SLICE", "Looked", "Residue", "look", "stale_bytes"]

_ROOT = Path(__file__).parent.parent.parent
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from corpus.residue.child import main; main()"


def look(folder: Path, needles: Iterable[bytes] = ()) -> tuple[tuple[Looked, ...], tuple[Residue, ...]]:
    """Every file below a folder, and every place where one holds `SLICE` bytes in a row of a needle.

    needles: text as UTF-8, or the bytes of a vector. Text is looked for as it is, as UTF-16 and as JSON writes it. A
    slice with eight zero bytes in a row proves nothing and is not looked for; a needle shorter than `SLICE` has no
    slice. What is inside a packed file (zip, gzip) or encrypted is not seen.

    Paths are relative to the folder and in order; of one file a hundred places are told. A file that cannot be read is
    a Residue; one that goes away meanwhile is left out. Nothing that is returned holds bytes of a needle. Files are
    read in blocks; the needles take some hundred times their size of memory. Raises DatabaseError when no process can
    be started.
    """
    asked = {"folder": str(folder.absolute()), "needles": [needle.hex() for needle in needles]}
    answer = _ask(asked)
    return tuple(Looked(*f) for f in answer["looked"]), tuple(Residue(*f) for f in answer["found"])


def stale_bytes(path: Path) -> tuple[Residue, ...]:
    """Every place in a SQLite file with bytes that no row uses and that are not zero, in the order of the file.

    What is left of a row that was deleted or moved is in such a place and nowhere else. SQLite's own left-over numbers
    are no fault (see `corpus.residue.pages`). Moving rows leaves copies of rows that are still there too, so a file is
    clean for certain only after VACUUM and until the next change.

    A file that is damaged, cannot be read, changes meanwhile or has a log beside it that is not empty is one Residue
    that says so: nothing is proved about it. A file that is not there has none. Raises DatabaseError as `look` does.
    """
    return tuple(Residue(*f) for f in _ask({"database": str(path.absolute())})["found"])


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _CHILD, str(_ROOT)],
            input=json.dumps(question).encode(),
            capture_output=True,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        # The child's own words are not passed on: they could name what was looked for.
        raise errors.DatabaseError("The files could not be looked at: no second process could do it.") from error
    return answer
