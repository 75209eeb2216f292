"""What a narrator reads before consenting, as data with versions (PRACTICE R14, R15, R16).

`corpus/wording/<language>/<id>.yaml` each hold one version; the name of the file is its id, and a consent keeps the id
that was read. An old version stays, so that anybody can be shown what they agreed to. `digests.txt` holds the
fingerprint of each published version (`<language>/<id> <sha256>`): a file that says something else under a name that
people agreed to is refused. A program's own folder is laid out in the same way.
"""

from __future__ import annotations

import re
from pathlib import Path

from corpus.errors import SettingsWrong
from corpus.wording.file import TOPICS, PurposeWording, Section, Wording, read_file, read_text

__all__ = ["DEFAULT", "FOLDER", "TOPICS", "PurposeWording", "Section", "Wording", "current", "get", "published"]

FOLDER = Path(__file__).parent
DIGESTS = "digests.txt"
DEFAULT = "en"

_LANGUAGE = re.compile(r"[a-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_LINE = re.compile(r"(\S+/\S+) ([0-9a-f]{64})")


def current(language: str = DEFAULT, folder: Path | None = None) -> Wording:
    """The wording that a narrator reads now: the newest by date (then by id) of a language.

    folder: a program's own wordings. If it has any of the language, the bundled ones are not offered, also newer ones:
    an update of the software never changes what a program asks for. Languages are tried from the exact one to its
    primary subtag to English, so `Wording.language` is that of the text and may not be the one asked for.
    SettingsWrong, with the place, when a file of these languages cannot be used.
    """
    for name in _languages(language):
        own, bundled = _versions(name, folder)
        if found := own or bundled:
            return max(found.values(), key=lambda w: (w.date, w.id))
    raise SettingsWrong(f"There is no consent wording in {FOLDER}. Install the program again.")


def get(id: str, language: str = DEFAULT, folder: Path | None = None) -> Wording | None:
    """The version that somebody agreed to, in the first of the languages that `current` would try. None: unknown.

    SettingsWrong, with the place, when a file of these languages cannot be used.
    """
    for name in _languages(language):
        own, bundled = _versions(name, folder)
        if found := own.get(id) or bundled.get(id):
            return found
    return None


def published(folder: Path = FOLDER) -> dict[str, str]:
    """`<language>/<id>` → digest, as a folder's `digests.txt` says; empty when there is none. SettingsWrong if bad."""
    path = folder / DIGESTS
    known: dict[str, str] = {}
    for number, line in enumerate(read_text(path).splitlines() if path.exists() else (), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None or match[1] in known:
            raise SettingsWrong(f"{path}, line {number}: it is not `language/id sha256`, or the name stands twice.")
        known[match[1]] = match[2]
    return known


def _languages(asked: str) -> tuple[str, ...]:
    exact = asked if _LANGUAGE.fullmatch(asked) else DEFAULT  # also keeps a path out of the name of a folder
    return tuple(dict.fromkeys((exact, exact.split("-")[0], DEFAULT)))


def _versions(language: str, folder: Path | None) -> tuple[dict[str, Wording], dict[str, Wording]]:
    """By id: a program's own versions of one language, and the bundled ones."""
    bundled = _all(FOLDER, language)
    own = {} if folder is None else _all(folder, language)
    for id, wording in own.items():
        if id in bundled and bundled[id].digest != wording.digest:
            raise SettingsWrong(
                f"{folder}/{language}/{id}.yaml: a wording that comes with the program has this id and says something "
                "else. Give the file another name and id, so that one id never stands for two texts."
            )
    return own, bundled


def _all(folder: Path, language: str) -> dict[str, Wording]:
    """Every version of one language in a folder, by id, held against the folder's `digests.txt`."""
    here = folder / language
    found = {path.stem: read_file(path, language) for path in sorted(here.glob("*.yaml"))}
    for name, digest in published(folder).items():
        of, _, id = name.partition("/")
        if of == language and (id not in found or found[id].digest != digest):
            raise SettingsWrong(
                f"{here / id}.yaml: this is not what was published under this id, or it is gone. People agreed to "
                "the published words: put them back, and give new words a file with a new name."
            )
    return found
