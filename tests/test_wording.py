"""What a narrator reads before consenting says all of R14 in plain words, and a published version never changes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from assistant.care import check_reply
from assistant.settings import Settings
from corpus import wording
from corpus.__main__ import parser as commands
from corpus.custody import FLOOR, MONTHS
from corpus.errors import SettingsWrong
from corpus.store import tables
from corpus.types import Purpose
from corpus.wording import TOPICS, Wording
from tests.test_words import grade

FIRST = wording.FOLDER / "en" / "2026-11.yaml"
NUMBERS = {5: "five"}
BUNDLED = sorted(wording.FOLDER.glob("*/*.yaml"))


def texts(of: Wording) -> Iterator[str]:
    for section in of.sections:
        yield from (section.heading, *section.paragraphs)
    for purpose in of.purposes.values():
        yield from (purpose.label, purpose.meaning, purpose.is_not)
    yield from (*of.removed, *of.not_removed)


def bundled(path: Path) -> Wording:
    found = wording.get(path.stem, path.parent.name)
    assert found is not None
    assert found.language == path.parent.name
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program's own wordings: one version, a copy of the bundled first under an id of its own."""
    write(tmp_path, lambda text: text, "2027-own")
    return tmp_path


def write(folder: Path, change: Callable[[str], str], id: str = "2027-own", language: str = "en") -> Path:
    text = FIRST.read_text(encoding="utf-8").replace("id: 2026-11", f"id: {id}")
    changed = change(text.replace("language: en", f"language: {language}"))
    path = folder / language / f"{id}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(changed, encoding="utf-8")
    return path


# --- what it says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BUNDLED, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_wording_speaks_of_everything_and_of_each_purpose(path: Path) -> None:
    found = bundled(path)
    assert {s.about for s in found.sections} == set(TOPICS)
    assert tuple(found.purposes) == tuple(Purpose)
    assert found.months == MONTHS
    assert len(set(texts(found))) == len(list(texts(found))), "one sentence stands twice"


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ("purpose", "help never depends on it"),
        ("readers", "word for word"),
        ("readers", "the name that you chose"),
        ("readers", "shown and opened"),
        ("readers", "how your story left them"),
        ("readers", "why they put it aside"),
        ("readers", f"from {NUMBERS[FLOOR]} on"),
        ("readers", "the people of the program who look after the stories can see these numbers"),
        ("readers", "readers see none of them"),
        ("where", "anyone can read it"),
        ("where", "own computer"),
        ("where", "backup"),
        ("where", "vectors"),
        ("where", "erased with them"),
        ("time", "12 or 24 months"),
        ("time", "only you"),
        ("risks", "someone who knows you"),
        ("risks", "other people"),
        ("keepers", "two different people"),
        ("keepers", "not a crisis service"),
        ("leaving", "six words"),
        ("leaving", "at any time"),
        ("leaving", "waiting time"),
        ("forever", "remember it"),
        ("forever", "copied it"),
        ("age", "16 and over"),
        ("age", "program may choose"),
    ],
)
def test_the_current_english_wording_says(about: str, said: str) -> None:
    section = next(s for s in wording.current().sections if s.about == about)
    assert said in " ".join(section.paragraphs).lower()


def test_the_months_that_it_names_are_those_that_it_offers() -> None:
    time = next(s for s in wording.current().sections if s.about == "time")
    assert tuple(map(int, re.findall(r"\d+", " ".join(time.paragraphs)))) == wording.current().months


@pytest.mark.parametrize("path", BUNDLED, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_it_keeps_the_rules_of_the_house(path: Path) -> None:
    for text in texts(bundled(path)):
        assert check_reply(text) == (), text


def test_its_reading_grade_is_eight_or_below() -> None:
    """Flesch-Kincaid, of each section and each switch by itself, so that an easy one does not make up for a hard one."""
    now = wording.current()
    blocks = [" ".join(s.paragraphs) for s in now.sections]
    blocks += [f"{p.meaning} {p.is_not}" for p in now.purposes.values()]
    blocks += [" ".join(now.removed), " ".join(now.not_removed)]
    for block in blocks:
        assert grade(block) <= 8, block
    for text in texts(now):
        for sentence in re.split(r"(?<=[.!?])\s", text):
            assert len(sentence.split()) <= 25, sentence


def test_an_id_fits_the_column_of_a_consent(folder: Path) -> None:
    longest = tables.consent.c.wording.type.length
    write(folder, lambda text: text, "x" * longest)
    assert wording.get("x" * longest, folder=folder)
    write(folder, lambda text: text, "x" * (longest + 1))
    with pytest.raises(SettingsWrong, match="at most 60"):
        wording.current(folder=folder)


# --- versions -------------------------------------------------------------------------------------------------------


def test_a_published_version_is_what_it_was() -> None:
    """Every bundled file is published, and says what it said then. These lines below are not to be changed."""
    known = wording.published()
    assert known["en/2026-11"] == "be0e982db965017d03237588dd94162b523604a2f17207d221470191e62652ba"
    assert known["en/2026-11-counts"] == "9c8da689b3bd727af30641b6b3c67599d955bbcdeeb4b346b8f2bcc9d44c4fac"
    assert {name: bundled(wording.FOLDER / f"{name}.yaml").digest for name in known} == known
    assert {f"{p.parent.name}/{p.stem}" for p in BUNDLED} == set(known)


def test_what_was_agreed_to_before_counts_of_answers_were_spoken_of_is_still_there() -> None:
    first, now = wording.get("2026-11"), wording.current()
    assert first is not None
    assert (first.id, now.id) == ("2026-11", "2026-11-counts")
    assert "may count, week by week, how often a story is shown." in " ".join(texts(first))
    assert "put it aside" not in " ".join(texts(first))


def test_every_word_counts_for_the_digest_and_the_breaking_of_lines_does_not(folder: Path) -> None:
    before = wording.current(folder=folder).digest
    write(folder, lambda text: "# A remark.\n" + text.replace("\n        ", " "))
    assert wording.current(folder=folder).digest == before
    seen = {before}
    for old, new in [
        ("It is your choice.", "It is your own choice."),
        ("heading: What this is for", "heading: What for"),
        ("label: Quote a part of it", "label: Quote it"),
        ("What readers remember", "What a reader remembers"),
        ("How often it was shown", "How many times it was shown"),
        ("[12, 24]", "[12]"),
        ("2026-11-01", "2026-11-02"),
    ]:
        assert old in FIRST.read_text(encoding="utf-8")
        write(folder, lambda text, old=old, new=new: text.replace(old, new))  # type: ignore[misc]
        seen.add(wording.current(folder=folder).digest)
    assert len(seen) == 8


def test_the_newest_by_date_is_current_and_the_older_ones_stay(folder: Path) -> None:
    write(folder, lambda text: text.replace("2026-11-01", "2027-06-01"), "2027-06")
    write(folder, lambda text: text.replace("2026-11-01", "2027-02-01"), "2027-zz")
    assert wording.current(folder=folder).id == "2027-06"
    for id in ("2027-own", "2027-zz", "2026-11"):
        found = wording.get(id, folder=folder)
        assert found is not None
        assert found.id == id


def test_a_programs_own_wording_is_asked_for_even_when_a_bundled_one_is_newer(folder: Path) -> None:
    write(folder, lambda text: text.replace("2026-11-01", "2001-01-01"))
    assert wording.current(folder=folder).id == "2027-own"
    assert wording.current(folder=folder / "not there").id == wording.current().id


def test_an_unknown_or_hostile_id_is_no_wording(folder: Path) -> None:
    for id in ("sample", "", "2026-11.yaml", "../en/2026-11", "/etc/passwd", "2026-11\x00"):
        assert wording.get(id, folder=folder) is None, id
    for language in ("../en", "", "x" * 100, "en/..", "\x00"):
        assert wording.current(language, folder).language == "en", language
    (folder / "deeper").mkdir()
    assert wording.current("../en", folder / "deeper").id == wording.current().id


def test_a_language_falls_back_to_its_primary_subtag_and_then_to_english(folder: Path) -> None:
    write(folder, lambda text: text, "2027-own", "pt")
    assert wording.current("pt-BR", folder).language == "pt"
    assert wording.current("de", folder).language == "en"
    assert wording.current("de").id == wording.current().id
    found = wording.get("2026-11", "pt-BR", folder)  # what was read then, when there was no Portuguese
    assert found is not None
    assert found.language == "en"


def test_an_own_file_may_not_take_the_id_of_a_bundled_one(folder: Path) -> None:
    write(folder, lambda text: text, "2026-11")  # word for word: no harm
    assert wording.current(folder=folder).id
    write(folder, lambda text: text.replace("It is your choice.", "It is up to us."), "2026-11")
    for call in (lambda: wording.current(folder=folder), lambda: wording.get("2027-own", folder=folder)):
        with pytest.raises(SettingsWrong, match=r"2026-11\.yaml: .*comes with the program"):
            call()


def test_a_file_that_changed_or_went_after_it_was_published_is_refused(folder: Path) -> None:
    own = wording.current(folder=folder)
    (folder / "digests.txt").write_text(f"# ours\n\nen/2027-own {own.digest}\nes/2027-other {'0' * 64}\n")
    assert wording.current(folder=folder) == own
    path = write(folder, lambda text: text.replace("It is your choice.", "It is up to us."))
    with pytest.raises(SettingsWrong, match=r"2027-own\.yaml: this is not what was published"):
        wording.current(folder=folder)
    path.rename(path.with_suffix(".old"))
    with pytest.raises(SettingsWrong, match=r"2027-own\.yaml: .*it is gone"):
        wording.get("2026-11", folder=folder)


@pytest.mark.parametrize("line", ["en/2027-own", "2027-own " + "0" * 64, "en/2027-own " + "0" * 63, "en/a " + "G" * 64])
def test_a_bad_line_of_digests_is_named(folder: Path, line: str) -> None:
    (folder / "digests.txt").write_text(f"# ours\n{line}\n")
    with pytest.raises(SettingsWrong, match=r"digests\.txt, line 2"):
        wording.current(folder=folder)


def test_a_name_twice_in_digests_is_refused(folder: Path) -> None:
    line = f"en/2027-own {wording.current(folder=folder).digest}\n"
    (folder / "digests.txt").write_text(line * 2)
    with pytest.raises(SettingsWrong, match=r"digests\.txt, line 2"):
        wording.current(folder=folder)


# --- files that cannot be used --------------------------------------------------------------------------------------


def without(text: str, start: str, end: str) -> str:
    before, _, rest = text.partition(start)
    assert rest
    return before + end + rest.partition(end)[2]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda t: without(t, "  - about: risks", "  - about: keepers"), "sections missing: risks"),
        (lambda t: t.replace("about: age", "about: wage"), "sections missing: age; unknown or twice: wage"),
        (lambda t: t.replace("about: age", "about: risks"), "sections missing: age; unknown or twice: risks"),
        (lambda t: t.replace("\npurposes:", "  - {about: age, heading: a, paragraphs: [b]}\n\npurposes:"), "unknown or twice: age"),
        (lambda t: without(t, "  share:", "\nremoved:"), "purposes missing: share"),
        (lambda t: t.replace("  share:\n", "  sell:\n"), "purposes.sell"),
        (lambda t: t.replace("[12, 24]", "[12, 120]"), "months are"),
        (lambda t: t.replace("[12, 24]", "[12, 12]"), "months are"),
        (lambda t: t.replace("[12, 24]", "[]"), "months"),
        (lambda t: t.replace("id: 2027-own", "id: 2027-owl"), "it has to be the name of the file"),
        (lambda t: t.replace("language: en", "language: es"), "the folder is that of"),
        (lambda t: t.replace("date: 2026-11-01", "date: soon"), "date"),
        (lambda t: t.replace("date: 2026-11-01\n", ""), "date"),
        (lambda t: t.replace("    label: Quote a part of it\n", "    label: ' '\n"), r"purposes\.quote\.label"),
        (lambda t: t.replace("    label: Quote a part of it\n", ""), r"purposes\.quote\.label"),
        (lambda t: t.replace("removed:\n", "removed: []\nrest:\n", 1), "removed"),
        (lambda t: t + "\nremoved: [something else]\n", "removed stands twice"),
        (lambda t: t.replace("  quote:\n", "  quote: {label: a, meaning: b, is_not: c}\n  quote:\n"), "quote stands twice"),
        (lambda t: t + "\nmore: text\n", "more"),
        (lambda t: t.replace("sections:", "sections: ["), "YAML"),
        (lambda _: "", "the whole file"),
        (lambda _: "- a list", "the whole file"),
        (lambda t: t.replace("id: 2027-own", "id: !!python/name:os.system"), "YAML"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_named_with_the_place(
    folder: Path, change: Callable[[str], str], place: str
) -> None:
    write(folder, change)
    with pytest.raises(SettingsWrong, match=rf"2027-own\.yaml: .*{place}"):
        wording.current(folder=folder)


def test_a_file_name_that_is_no_id_is_refused(folder: Path) -> None:
    write(folder, lambda text: text, "Spring 2027")
    with pytest.raises(SettingsWrong, match=r"Spring 2027\.yaml"):
        wording.current(folder=folder)


def test_a_file_that_is_not_utf_8_or_a_folder_is_named(folder: Path) -> None:
    path = folder / "en" / "2027-own.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsWrong, match=r"2027-own\.yaml: .*UTF-8"):
        wording.current(folder=folder)
    path.unlink()
    path.mkdir()
    with pytest.raises(SettingsWrong, match=r"2027-own\.yaml"):
        wording.current(folder=folder)


def test_a_file_from_a_windows_editor_is_read(folder: Path) -> None:
    before = wording.current(folder=folder).digest
    text = FIRST.read_text(encoding="utf-8").replace("id: 2026-11", "id: 2027-own").replace("\n", "\r\n")
    (folder / "en" / "2027-own.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (folder / "digests.txt").write_bytes(b"\xef\xbb\xbf" + f"en/2027-own {before}\r\n".encode())
    assert wording.current(folder=folder).digest == before
    (folder / "digests.txt").write_bytes(b"\xef\xbb\xbf" + f"en/2027-own {'0' * 64}\r\n".encode())
    with pytest.raises(SettingsWrong):
        wording.current(folder=folder)


def test_a_change_is_seen_without_a_restart(folder: Path) -> None:
    before = wording.current(folder=folder)
    path = write(folder, lambda text: text.replace("It is your choice.", "You choose it now."))
    os.utime(path, ns=(1, 1))
    assert wording.current(folder=folder) != before


def test_it_cannot_be_changed_by_whoever_holds_it() -> None:
    with pytest.raises(FrozenInstanceError):
        wording.current().id = "2027-01"  # type: ignore[misc]
    with pytest.raises(TypeError):
        del wording.current().purposes[Purpose.SHARE]  # type: ignore[attr-defined]


# --- the pages for programs -----------------------------------------------------------------------------------------

DOCS = wording.FOLDER.parent.parent / "docs"
PAGES = ("programs", "data-protection", "consent", "risk-assessment", "when-a-narrator", "leaving")


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """What a heading is called in an address: small letters, hyphens for spaces, no other signs."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_index_leads_to_every_page_and_no_link_leads_nowhere() -> None:
    assert {f"{name}.md" for name in PAGES[1:]} <= set(re.findall(r"\]\(([\w-]+\.md)\)", page("programs")))
    for name in PAGES:
        for target, place in re.findall(r"\]\(([\w-]*)(?:\.md)?#([^)]+)\)", page(name)):
            assert place in anchors(page(target or name)), f"{name}: {target}#{place}"


def test_the_page_on_consent_names_every_part_of_a_wording() -> None:
    text = page("consent")
    for name in (*TOPICS, *Purpose, "months", "removed", "not_removed", "digests.txt", f"{wording.current().id}.yaml"):
        assert f"`{name}`" in text or f"/{name}`" in text, name


def test_every_command_in_the_pages_can_be_given_like_that() -> None:
    found = [
        (name, line) for name in PAGES for line in re.findall(r"python -m corpus ([a-z][^`\n>]*)", page(name))
    ]  # fmt: skip
    every = re.search(r"\{([a-z,-]+)\}", commands().format_help())
    assert every is not None
    assert {line.split()[0] for _, line in found} == set(every[1].split(","))
    for name, line in found:
        given = commands().parse_args(shlex.split(line))  # exits when it cannot be given
        assert callable(given.run), (name, line)


def test_every_setting_in_the_pages_exists() -> None:
    known = {f"SHARED_JOURNEY_{name.upper()}" for name in Settings.model_fields}
    for name in PAGES:
        assert set(re.findall(r"SHARED_JOURNEY_\w+", page(name))) <= known, name


def test_every_table_that_the_data_protection_sheet_names_exists_and_none_is_left_out() -> None:
    rows = [line.split("|")[2] for line in page("data-protection").splitlines() if line.count("|") == 8]
    named = {word for cell in rows for word in re.findall(r"`([a-z_]+)`", cell)}
    own = {"counter", "note"}  # hold nothing of anybody
    assert named == set(tables.metadata.tables) - own


def test_the_line_that_fixes_a_wording_runs_as_it_is_printed(tmp_path: Path) -> None:
    code = re.search(r'python -c "(.+)"$', page("consent"), re.MULTILINE)
    assert code is not None
    folder = tmp_path / "wording"
    folder.mkdir()
    write(folder, lambda text: text)
    done = subprocess.run(
        [sys.executable, "-c", code[1]], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(DOCS.parent)},
    )  # fmt: skip
    (folder / "digests.txt").write_text(done.stdout)
    assert set(wording.published(folder)) == {"en/2027-own"}
    assert wording.current(folder=folder).id == "2027-own"


def test_the_pages_speak_of_people_as_the_page_does() -> None:
    for name in PAGES:
        breaches = [b for line in page(name).splitlines() for b in check_reply(line) if b.rule in ("R8", "R11")]
        assert breaches == [], name
