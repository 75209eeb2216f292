"""Starts the web page; nothing else. Settings are environment variables SHARED_JOURNEY_*, listed in README."""

import sys

from assistant.pages import listen, serve
from assistant.pages.memory import hold_little
from assistant.settings import Settings, open_parts
from corpus.errors import SharedJourneyError
from index.progress import progress_bar


def main() -> int:
    try:
        settings = Settings.read()
        hold_little()
        with listen(settings) as door, open_parts(settings, on_progress=progress_bar(), standing=False) as parts:
            serve(parts, settings, door)
    except SharedJourneyError as error:
        print(str(error), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
