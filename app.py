"""Starts the web page; nothing else. Settings are environment variables SHARED_JOURNEY_*, listed in README."""

import sys

from assistant.pages import listen, serve
from assistant.settings import Settings, open_parts
from corpus.errors import SharedJourneyError


def progress(done: int, total: int) -> None:
    print(f"\rReading the stories: {done} of {total}", end="\n" if done >= total else "", file=sys.stderr, flush=True)


def main() -> int:
    try:
        settings = Settings.read()
        with listen(settings) as door, open_parts(settings, on_progress=progress) as parts:
            serve(parts, settings, door)
    except SharedJourneyError as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
