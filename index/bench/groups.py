"""What taking in a large directory costs: `python -m index bench --groups N`. The directory is made up.

Every record has what costs time in real ones: notes with passcodes and telephone numbers, an address in one line, a
link with a passcode, private contacts, codes. The command itself is timed, as a program runs it, cold.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_NAMES = "Morning Light|Serenity Now|Night Owls|One Step|Harbour|Old Mill|Lunch Bunch|Steady Ground|Open Window".split(
    "|"
)
_STREETS = "Main Street|Oak Avenue|Church Road|2nd St|Mill Lane|Station Road|High Street".split("|")
_TOWNS = "Columbus, OH|Albany, NY|Portland, OR|Boise, ID|Mesa, AZ|Tampa, FL|Salem, MA|Dayton, OH".split("|")
_CODES = "O C D B LIT W M ST TC ONL X BE ES LGBTQ Y MED SP".split()
_NOTES = (
    "Enter by the side door, up the stairs. Ring twice if it is locked.", "", "",
    "Newcomers welcome. Call Sam at 555-201-3344 for rides.", "We read a chapter and share. Passcode: 883311",
    "Parking behind the church; please be quiet in the hall after 9pm.", "<p>Candlelight on the last Friday.</p>",
    "2nd Sunday is a speaker meeting, others are discussion. Coffee and tea from half an hour before.",
)  # fmt: skip


def bench(count: int, write: Callable[[str], None]) -> None:
    """Print seconds of the command for a new directory and for the same file once more."""
    chance = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "town.json"
        path.write_text(json.dumps([_record(n, chance) for n in range(count)]), encoding="utf-8")
        size = path.stat().st_size / 2**20
        env = os.environ | {"SHARED_JOURNEY_DATA": str(Path(folder) / "data"), "SHARED_JOURNEY_DATABASE": ""}
        run = [sys.executable, "-m", "corpus", "groups"]
        subprocess.run([*run, "directories"], env=env, check=True, capture_output=True)  # makes the database
        write(f"| {count:,} records, {size:.0f} MB, {os.cpu_count()} cores | seconds |\n| --- | --- |")
        what = [*run, "import", str(path), "--timezone", "America/New_York", "--programme", "aa", "--json"]
        for name in ("new", "the same file again"):
            began = time.perf_counter()
            done = subprocess.run(what, env=env, check=True, capture_output=True)
            report = json.loads(done.stdout)
            told = f"{report['groups']} groups, {report['unchanged']} unchanged"
            write(f"| {name} ({told}) | {time.perf_counter() - began:.1f} |")


def _record(n: int, chance: random.Random) -> dict[str, Any]:
    town = chance.choice(_TOWNS)
    online, hour = chance.random() < 0.4, chance.randint(6, 21)
    found: dict[str, Any] = {
        "slug": f"m-{n}", "name": f"{chance.choice(_NAMES)} {n // 3}", "day": n % 7, "time": f"{hour:02}:30",
        "end_time": f"{hour + 1:02}:30", "types": chance.sample(_CODES, chance.randint(1, 5)),
        "notes": chance.choice(_NOTES), "group": f"Group {n // 3}" if n % 2 else "", "entity": "Central Office",
        "updated": f"2026-{chance.randint(1, 9):02}-{chance.randint(1, 28):02} 10:00:00", "region": town[-2:],
        "url": f"https://example.org/meetings/m-{n}", "edit_url": f"https://example.org/post.php?post={n}&action=edit",
        "contact_1_name": "Sam B", "contact_1_phone": "555-201-9988",
    }  # fmt: skip
    if online:
        room = chance.randint(10**9, 10**10)
        found |= {
            "conference_url": f"https://zoom.us/j/{room}?pwd=abc{n}",
            "conference_url_notes": chance.choice(["Passcode: 112233", "", "Ask the host"]),
            "conference_phone": f"+16465580{n % 900 + 100},,{room}#,,,,*4455#",
        }
    if not online or chance.random() < 0.6:
        found |= {
            "location": f"{chance.choice(_NAMES)} Hall", "location_notes": chance.choice(_NOTES),
            "formatted_address": f"{n % 999 + 1} {chance.choice(_STREETS)}, {town} {chance.randint(10000, 99999)}, USA",
            "latitude": 39 + chance.random() * 5, "longitude": -82 - chance.random() * 30,
        }  # fmt: skip
    else:
        found |= {"formatted_address": f"{town}, USA", "approximate": "yes"}
    return found
