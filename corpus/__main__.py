"""`python -m corpus …`: looks after the collection of stories. Each command is in `corpus.commands`."""

from __future__ import annotations

import argparse
import sys

from corpus.commands import care, groups, moving, people, stories
from corpus.commands.opening import Opening
from corpus.console import speak_utf8
from corpus.errors import SharedJourneyError


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m corpus", description="Look after the collection of stories.")
    commands = made.add_subparsers(dest="command", required=True)
    made.set_defaults(opens=False)  # whether a command opens the collection itself, when it needs it
    for subject in (stories, groups, care, people, moving):
        subject.add(commands)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run a command. 0: done; 1: not done, as said; 2: an error that was said in one line."""
    given = parser().parse_args(arguments)
    speak_utf8()
    try:
        with Opening() as opening:
            if given.opens:
                return int(given.run(opening, given))
            store, settings = opening.now()
            return int(given.run(store, settings, given))
    except SharedJourneyError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
