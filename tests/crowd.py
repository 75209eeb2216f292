"""Many people at once: `make crowd`, or `python -m tests.crowd --people 100`. A program of its own is started on a free loopback port over the
collection of the settings, and so many people open the page, write, open a story, and leave, over and over.

Messages are sent at their time, whether or not earlier ones are answered, so a program that falls behind is seen to.
What is written are sentences of the sample stories. Nothing is counted for the program, and no conversation is kept.
Each person has a loopback address of their own where the system allows it, as people at home have.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import secrets
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from assistant.settings import Settings
from corpus.errors import SharedJourneyError
from corpus.samples.read import read_stories

WAVES = 3  # the first warms up what grows once; what grows in later ones is kept by mistake
WAIT = 20.0  # seconds after which an answer counts as an error
_OPENED, _SENT, _PRESSED = 0, 1, 2  # the page's three events (assistant/pages/chat.py)
_READ_EVERY = 4  # of so many messages one is followed by opening the first story of the answer
_STORY = re.compile(r'data-act="read"[^>]*data-id="([^"]+)"|data-id="([^"]+)"[^>]*data-act="read"')
_TOKEN = re.compile(r'data-token="([^"]+)"')


@dataclass
class Seen:
    """What happened in one wave. Seconds from the moment at which something was to be sent."""

    opened: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: tuple[int, int, int] = (0, 0, 0)  # kB before, with everybody there, after they left; 0: not known
    cpu: float = 0.0  # seconds of the program while people wrote


class _Person:
    """One open page."""

    def __init__(self, address: str, number: int) -> None:
        own = f"127.0.{1 + number // 250}.{1 + number % 250}"
        self._web = httpx.AsyncClient(
            base_url=address,
            timeout=WAIT,
            headers={"origin": address, "accept-language": "en"},
            transport=httpx.AsyncHTTPTransport(local_address=own if _may_be(own) else None),
        )
        self._key = secrets.token_hex(5)
        self._token = ""
        self._story = ""

    async def open(self) -> None:
        """Load the page, and be greeted."""
        (await self._web.get("/")).raise_for_status()
        (await self._web.get("/help/bar")).raise_for_status()
        greeting = await self._event(_OPENED, [])
        self._token = found[1] if (found := _TOKEN.search(greeting)) else ""
        if not self._token:
            raise ValueError("the page opened no conversation")

    async def write(self, words: str) -> None:
        answer = await self._event(_SENT, [words])
        told = _STORY.findall(answer)
        self._story = next((id for pair in told for id in pair if id), "")

    async def read(self) -> None:
        """Open the first story of the last answer, where there was one."""
        if self._story:
            await self._event(_PRESSED, [], {"act": "read", "id": self._story})

    async def leave(self) -> None:
        (await self._web.post("/forget", content=self._token)).raise_for_status()
        await self._web.aclose()

    async def _event(self, which: int, data: list[str], pressed: dict[str, str] | None = None) -> str:
        """What the page shows after one event that went through Gradio's queue."""
        body = {"data": data, "fn_index": which, "session_hash": self._key, "event_data": pressed, "trigger_id": None}
        (await self._web.post("/gradio_api/queue/join", json=body)).raise_for_status()
        async with self._web.stream("GET", "/gradio_api/queue/data", params={"session_hash": self._key}) as stream:
            async for line in stream.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                if message["msg"] == "process_completed":
                    if not message["success"]:
                        raise ValueError(f"the program failed: {message['output']}")
                    return json.dumps(message["output"]["data"]).replace('\\"', '"')
        raise ValueError("the stream ended without an answer")


def crowd(
    data: Path, people: int, seconds: float, each_second: float, write: Callable[[str], None], waves: int = WAVES
) -> list[Seen]:
    """Print a table in Markdown, and give what was seen in each wave.

    each_second: messages of all people together. SharedJourneyError when the program does not start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {
        **os.environ,
        "SHARED_JOURNEY_DATA": str(data),
        "SHARED_JOURNEY_HOST": "127.0.0.1",
        "SHARED_JOURNEY_PORT": str(port),
        "SHARED_JOURNEY_COUNTS": "false",
    }
    said = [sentence for story in read_stories().good for part in story.parts for sentence in _sentences(part.text)]
    program = subprocess.Popen(
        [sys.executable, "-c", "import sys; from app import main; sys.exit(main())"],
        cwd=Path(__file__).parents[1], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(program, address)
        write(
            f"| {people} people, {each_second:g} messages a second, {seconds:g} s | "
            "page opened, s: median / 95 % | answered | story opened | errors | CPU s | MB before / with all / after | "
            "kB a person |\n|" + " --- |" * 8
        )
        seen = []
        for wave in range(waves):
            one = asyncio.run(_wave(address, program.pid, people, seconds, each_second, said))
            seen.append(one)
            write(_row(f"wave {wave + 1}", one, people))
        return seen
    finally:
        program.terminate()
        try:
            program.wait(20)
        except subprocess.TimeoutExpired:
            program.kill()


async def _wave(
    address: str, process: int, people: int, seconds: float, each_second: float, said: Sequence[str]
) -> Seen:
    seen = Seen()
    before = _memory(process)
    here = [_Person(address, n) for n in range(people)]
    # They come over a quarter of the time: that many at the same moment would be a measure of page loads.
    await asyncio.gather(
        *(_at(n * seconds / 4 / people, one.open, seen.opened, seen.errors) for n, one in enumerate(here))
    )
    spent = _cpu(process)

    async def take_part(n: int) -> None:
        one, words = here[n % people], said[(n * 37) % len(said)]
        await _at(n / each_second, lambda: one.write(words), seen.answered, seen.errors)
        if n % _READ_EVERY == 0:
            await _at(0, one.read, seen.read, seen.errors)

    await asyncio.gather(*(take_part(n) for n in range(round(seconds * each_second))))
    seen.cpu = _cpu(process) - spent
    among = _memory(process)
    await asyncio.gather(*(_at(0, one.leave, [], seen.errors) for one in here))
    await asyncio.sleep(1)
    seen.memory = before, among, _memory(process)
    return seen


async def _at(when: float, step: Callable[[], Awaitable[None]], took: list[float], errors: list[str]) -> None:
    """Do it so many seconds from now, and note how long it took from then on."""
    due = time.perf_counter() + when
    await asyncio.sleep(when)
    try:
        await step()
    except Exception as error:
        errors.append(f"{type(error).__name__}: {error}"[:200])
        return
    took.append(time.perf_counter() - due)


def _sentences(text: str) -> list[str]:
    return [s.strip() for s in re.split(r"(?<=[.!?])\s+", text) if 40 <= len(s) <= 300]


def _may_be(address: str) -> bool:
    with socket.socket() as door:
        try:
            door.bind((address, 0))
        except OSError:
            return False
    return True


def _wait_for(program: subprocess.Popen[bytes], address: str) -> None:
    for _ in range(600):
        if program.poll() is not None:
            raise SharedJourneyError("The program did not start; `python app.py` says why.")
        try:
            if httpx.get(address + "/healthz", timeout=5).status_code == 200:
                httpx.get(address, timeout=150)  # the conversation, which comes later
                time.sleep(2)
                return
        except httpx.HTTPError:
            time.sleep(0.25)
    raise SharedJourneyError("The page did not open in two and a half minutes.")


def _memory(process: int) -> int:
    """Resident memory in kB; 0 where the system does not say."""
    try:
        found = re.search(r"VmRSS:\s*(\d+)", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _cpu(process: int) -> float:
    """CPU seconds so far; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def quantile(seconds: Sequence[float], part: float) -> float:
    """The least of these under which `part` of them lie; 0 of none."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def _row(name: str, seen: Seen, people: int) -> str:
    times = [
        f"{statistics.median(some or [0.0]):.2f} / {quantile(some, 0.95):.2f}"
        for some in (seen.opened, seen.answered, seen.read)
    ]
    before, among, after = (f"{kb / 1024:.0f}" for kb in seen.memory)
    each = (seen.memory[1] - seen.memory[0]) / people
    told = f"{len(seen.errors)}" + (f" ({seen.errors[0]})" if seen.errors else "")
    return f"| {name} | {' | '.join(times)} | {told} | {seen.cpu:.1f} | {before} / {among} / {after} | {each:.0f} |"


def main(arguments: list[str] | None = None) -> int:
    """0: done; 1: something was not answered; 2: the program did not start."""
    parser = argparse.ArgumentParser(prog="python -m tests.crowd", description="What many people at once cost.")
    parser.add_argument("--people", type=int, default=100, help="who have the page open (100)")
    parser.add_argument("--seconds", type=float, default=60, help="that they write, in each wave (60)")
    parser.add_argument("--each-second", type=float, default=2, help="messages of all of them together (2)")
    parser.add_argument("--waves", type=int, default=WAVES, help=f"how often all come and leave ({WAVES})")
    given = parser.parse_args(arguments)
    if not (
        1 <= given.waves <= 1000
        and 1 <= given.people <= 5000
        and 0 < given.seconds <= 3600
        and 0 < given.each_second <= 1000
    ):
        parser.error("1 to 5,000 people, up to an hour, up to 1,000 messages a second and waves")
    data = Settings.read().data
    try:
        seen = crowd(
            data, given.people, given.seconds, given.each_second, lambda line: print(line, flush=True), given.waves
        )
    except SharedJourneyError as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if any(wave.errors for wave in seen) else 0


if __name__ == "__main__":
    sys.exit(main())
