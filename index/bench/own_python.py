"""A Python of its own for what this program is compared with, so that nothing of it comes into ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PINNED = Path(__file__).parent / "contenders" / "requirements.txt"
_CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"
_PATIENCE = 900.0  # seconds for one package


def own_python(folder: Path, write: Callable[[str], None], pinned: Path = PINNED) -> Path:
    """The interpreter of an environment in `folder` with what is pinned, made and filled as far as it is not yet.

    What cannot be installed is said in a line and tried again the next time; the rest goes on without it. pip is set up
    by its own environment variables, as anywhere.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        write("Making a Python for what this program is compared with, once. It takes some minutes and 2.5 GB.")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    note = folder / "installed.json"
    there: list[str] = json.loads(note.read_text(encoding="utf-8")) if note.exists() else []
    wanted = [line for line in pinned.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    for line in wanted:
        if line in there:
            continue
        if said := _install(python, line):
            write(f"{line} could not be installed: {said}")
        else:
            there.append(line)
            note.write_text(json.dumps(there), encoding="utf-8")
    return python


def _install(python: Path, line: str) -> str:
    """What pip said when it failed; "" when it did not."""
    pinned = ["-c", str(_CONSTRAINTS)] if _CONSTRAINTS.exists() else []
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pinned, line]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"it took longer than {_PATIENCE:.0f} s"
    if done.returncode == 0:
        return ""
    errors = [said for said in done.stderr.splitlines() if said.startswith("ERROR")]
    return (errors or done.stderr.splitlines() or ["pip said nothing"])[-1]
