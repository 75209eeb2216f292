"""Nothing leaves the machine: every command is run with a watcher in it that notes and refuses each connection."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import copied

ROOT = Path(__file__).parent.parent
WATCHER = """
import os, socket
_note = open(os.environ["WATCHED"], "a", buffering=1)
def _refuse(name, original):
    def call(*args, **kwargs):
        address = args[-1] if name in ("connect", "connect_ex", "sendto") else args[0]
        host = address[0] if isinstance(address, tuple) else address
        if isinstance(host, bytes):
            host = host.decode("ascii", "replace")
        if host in (None, "", "127.0.0.1", "::1", "localhost", "0.0.0.0") or (isinstance(host, str) and host.startswith("/")):
            return original(*args, **kwargs)
        _note.write(f"{name} {host}\\n")
        raise OSError(f"refused: {name} {host}")
    return call
for _name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, _name, _refuse(_name, getattr(socket.socket, _name)))
for _name in ("getaddrinfo", "gethostbyname", "create_connection"):
    setattr(socket, _name, _refuse(_name, getattr(socket, _name)))
"""


def watched(folder: Path, *command: str, stdin: str = "") -> tuple[subprocess.CompletedProcess[str], str]:
    """Run a command of the project; what it tried to reach outside this machine, a line each."""
    (folder / "sitecustomize.py").write_text(WATCHER)
    notes = folder / "notes"
    notes.touch()
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("HF_", "GRADIO_", "TRANSFORMERS_", "DO_NOT"))},
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
        "WATCHED": str(notes),
        "SHARED_JOURNEY_DATA": str(folder / "data"),
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,  # a first start on a busy machine: the model is exported, the samples are embedded
    )
    return done, notes.read_text()


def test_the_watcher_sees_what_it_is_for(tmp_path: Path) -> None:
    code = "import urllib.request as u\ntry: u.urlopen('http://example.invalid/x', timeout=2)\nexcept Exception: pass"
    _, notes = watched(tmp_path, "-c", code)
    assert "example.invalid" in notes


@pytest.mark.model
def test_a_first_start_a_search_and_a_talk_reach_nobody(tmp_path: Path) -> None:
    done, notes = watched(tmp_path, "-m", "index", "search", "my mum died and I cannot sleep", "--json")
    assert done.returncode == 0, done.stderr
    assert '"sample": true' in done.stdout
    for command in (("corpus", "list"), ("index", "build"), ("assistant", "screen", "hello")):
        assert watched(tmp_path, "-m", *command)[0].returncode == 0
    talk, notes = watched(tmp_path, "-m", "assistant", "chat", stdin="my mum died in march\nwhat do you keep?\nquit\n")
    assert talk.returncode == 0, talk.stderr
    assert "Nothing you write is kept" in talk.stdout
    assert notes == ""


@pytest.mark.model
def test_the_page_starts_and_answers_and_reaches_nobody(tmp_path: Path, embedded: Path) -> None:
    """The server in this very process tree, asked for its page over loopback, then stopped."""
    copied(embedded, tmp_path / "data")
    code = """
import threading, time, urllib.request, os
os.environ["SHARED_JOURNEY_PORT"] = "0"
import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0)); port = s.getsockname()[1]
os.environ["SHARED_JOURNEY_PORT"] = str(port)
def ask():
    for _ in range(1300):
        try:
            page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read().decode()
            print("PAGE", len(page), flush=True)
            time.sleep(3)
            os._exit(0)
        except OSError:
            time.sleep(0.2)
    os._exit(3)
threading.Thread(target=ask, daemon=True).start()
import runpy
runpy.run_path("app.py", run_name="__main__")
"""
    done, notes = watched(tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr
    assert "PAGE" in done.stdout
    assert notes == ""
