"""`app.py` over the collection of `screens.furnish`, without the model: it starts at once, and is a process of its own."""

from __future__ import annotations

from assistant.pages import listen, serve
from assistant.settings import Settings
from browser.screens import furnish


def main() -> None:
    settings = Settings.read()
    with listen(settings) as door:
        serve(furnish(settings.data), settings, door)


if __name__ == "__main__":
    main()
