"""What a moment needed goes back to the system (where the C library is glibc)."""

from __future__ import annotations

import contextlib
import platform
import subprocess
import sys

import pytest

from corpus.errors import SharedJourneyError

CHILD = """
import re, sys
from assistant.pages.memory import hold_little
if sys.argv[1] == "told":
    hold_little()

def held():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024

bytearray(3 << 20)  # the first that is freed is what makes glibc keep the later ones
before, kept, large = held(), [], []
for _ in range(40):
    large.append(bytearray(b"x") * (2 << 20))
    kept += [bytes(700) for _ in range(40)]
del large
print(held() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has its own ways")
def test_large_blocks_are_given_back_although_small_ones_were_made_between_them() -> None:
    def growth(how: str) -> int:
        """MB that are still held of the 80 that were."""
        done = subprocess.run([sys.executable, "-c", CHILD, how], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert growth("told") < 10
    assert growth("not told") > 20, "this test can see what it looks for"


def test_the_program_holds_little_from_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    import app

    told: list[str] = []

    def parts(*_: object, **__: object) -> object:
        told.append("parts")
        raise SharedJourneyError("far enough")

    monkeypatch.setattr(app, "hold_little", lambda: told.append("little"))
    monkeypatch.setattr(app, "listen", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(app, "open_parts", parts)
    assert app.main() == 2
    assert told == ["little", "parts"]
