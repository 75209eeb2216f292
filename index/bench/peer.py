"""One contender in a process of its own, as the driver speaks to it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

SERVE = Path(__file__).parent / "contenders" / "serve.py"
PATIENCE = 900.0  # seconds for one answer
# None of them may call anybody, or tell anybody that it runs.
_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "LANCEDB_CONFIG_DIR": tempfile.gettempdir(),
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class Failed(Exception):
    """A step that a contender could not do, in one line."""


class Died(Failed):
    """A contender that does not answer any more."""


class Peer:
    """what: the name of a module, which the interpreter of this process runs; or a file, which `python` runs."""

    def __init__(self, what: str | Path, python: Path | None = None, patience: float = PATIENCE) -> None:
        environment = {**os.environ, **_QUIET}
        if isinstance(what, Path):
            environment.pop("PYTHONPATH", None)  # what is installed for us is not for them
            command = [str(python or sys.executable), "-P", str(SERVE), str(what)]
        else:
            command = [sys.executable, "-m", "index.bench.contenders.serve", what]
        self._patience = patience
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 (close())
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            encoding="utf-8",
            env=environment,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """The answer to one step. Failed with the reason when there is none, Died when there will be no other."""
        assert self._process.stdin
        try:
            print(json.dumps({"do": do, **given}), file=self._process.stdin, flush=True)
            line = self._answers.get(timeout=self._patience)
        except queue.Empty:
            self._process.kill()
            raise Died(f"no answer to `{do}` within {self._patience:.0f} s") from None
        except OSError:  # it is gone, and its pipe with it
            line = ""
        if not line:
            raise Died(f"it ended at `{do}`: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def _last_words(self) -> str:
        self._process.wait(10)
        self._said.seek(0)
        lines = [line.strip() for line in self._said if line.strip()]
        return lines[-1][:300] if lines else f"exit code {self._process.returncode}"

    def close(self) -> None:
        """End the process, however it is."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.close()
            self._process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait(20)
        self._said.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
