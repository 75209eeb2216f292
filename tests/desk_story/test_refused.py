"""One story at the desk: what is refused and kept, the program's own words, two at once."""

from __future__ import annotations

import concurrent.futures
import re
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from assistant.pages.desk import story_marks
from corpus.custody import REDACTED
from corpus.errors import DatabaseBusy
from corpus.store import Store
from corpus.types import Part, PartText, State
from desk_story.conftest import (
    FILLED,
    ID,
    KEPT,
    KEY,
    REAL,
    TEXT,
    VERBS,
    Reader,
    Web,
    dossier,
    edited,
    failing,
    prepare,
    story,
)
from tests.conftest import approve, make_story, take_in

# --- refused, and kept -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moved", ["version", "text_revision"])
@pytest.mark.parametrize("verb", ["approve", "ask", "decline", "propose", "redact"])
def test_who_comes_second_is_told_and_loses_nothing(verb: str, moved: str, store: Store, ann: Web) -> None:
    prepare(store, verb)
    seen = dossier(store)
    if moved == "version":
        store.redact(story(narrator="Kim"), seen.text_revision, "ben", "a name", 1, 3)
    else:  # a form that names words that were never there
        seen = SimpleNamespace(version=seen.version, text_revision=seen.text_revision + 1, proposal=None)
    before = store.dossier(ID)
    answer = ann.send(verb, FILLED[verb], seen=seen)
    assert answer.status_code == 409
    assert store.dossier(ID) == before
    assert "The words of this story changed since you read them." in answer.text
    typed = Reader(answer.text)
    assert KEPT[verb] in typed.values.values()
    if moved == "version":
        assert "Kim" in answer.text
        assert f'name="version" value="{seen.version + 1}"' in answer.text  # sent again, it is about the new words
    if verb == "redact":
        assert typed.ticked("place") == ["going_on:10:14:Anna"]
    if verb == "approve":
        assert typed.ticked("checked") == ["people"]
    if verb == "decline":
        assert typed.ticked("reason") == ["other"]


def test_an_edit_that_comes_second_stands_beside_the_new_words(store: Store, ann: Web) -> None:
    take_in(store, story())
    seen = dossier(store)
    newer = TEXT.replace("40 pills", REDACTED)
    store.redact(
        story(parts=(PartText(part=Part.GOING_ON, text=newer), PartText(part=Part.NOW, text="I walk the dog."))),
        seen.text_revision, "ben", "how much", 1, 8,
    )  # fmt: skip
    text = ann.send("propose", edited(going_on="Mine, with 40 pills."), seen=seen).text
    assert Reader(text).values["sj-propose-going_on"] == "Mine, with 40 pills."
    beside = text.split("sj-propose-going_on")[-1].split("sj-propose-was_like")[0]
    assert "As it stands now:" in beside
    assert REDACTED in beside
    assert text.count("As it stands now:") == 1  # only where the two differ


def test_places_that_moved_are_offered_anew(store: Store, ann: Web) -> None:
    take_in(store, story())
    seen = dossier(store)
    newer = TEXT.replace("My sister ", "")
    store.redact(
        make_story(ID, title="The stairs", parts=(PartText(part=Part.GOING_ON, text=newer),)),
        seen.text_revision,
        "ben",
        "x",
        1,
        1,
    )
    answer = ann.send(
        "redact", {"place": ["going_on:10:14:Anna", "now:0:15:I walk the dog."], "reason": "A name."}, seen=seen
    )
    typed = Reader(answer.text)
    offered = answer.text.split('id="sj-places"')[1].split("</fieldset>")[0]
    assert "going_on:0:4:Anna" in offered
    assert typed.ticked("place") == []  # nobody ticked these
    assert "I walk the dog." in offered  # told to be gone
    assert ann.send("redact", {"place": ["going_on:10:14:Anna"], "reason": "A name."}).status_code == 409
    assert dossier(store).story.text(Part.GOING_ON) == newer


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("approve", {"reason": "  ", "checked": ["people"]}, "reason"),
    ("approve", {"reason": "x" * 2001}, "reason"),
    ("ask", {"text": ""}, "text"),
    ("ask", {"text": "x" * 2001}, "text"),
    ("decline", {"note": "A note."}, "reason"),
    ("decline", {"reason": "because", "note": "A note."}, "reason"),
    ("decline", {"reason": "other", "note": ""}, "note"),
    ("redact", {"reason": "A name."}, "places"),
    (
        "redact",
        {"reason": "A name.", "place": ["going_on:x:14:Anna", "nowhere:1:2:x", "going_on:1:2:", "::"]},
        "places",
    ),
    ("redact", {"reason": "", "place": ["going_on:10:14:Anna"]}, "reason"),
    ("propose", edited(title=""), "title"),
    ("propose", edited(title="x" * 201), "title"),
    ("propose", edited(narrator="\n"), "narrator"),
    ("propose", edited(narrator="x" * 81), "narrator"),
    ("propose", edited(going_on="", now=" "), "going_on"),
    ("propose", edited(going_on="x" * 40_001), "going_on"),
    ("propose", edited(language="klingon"), "language"),
    ("propose", edited(stage="done"), "stage"),
    ("propose", edited(setbacks="maybe"), "setbacks"),
    ("propose", edited(themes=["grief", "made up"]), "themes"),
    ("propose", edited(content_notes=["<b>"]), "content_notes"),
    ("propose", edited(title="Steps", note=""), "note"),
]


@pytest.mark.parametrize(("verb", "fields", "field"), WRONG)
def test_what_is_missing_or_too_long_is_named_and_kept(
    verb: str, fields: dict[str, Any], field: str, store: Store, ann: Web
) -> None:
    take_in(store, story())
    before = (store.dossier(ID), store.revision())
    answer = ann.send(verb, fields)
    assert answer.status_code == 422
    assert (store.dossier(ID), store.revision()) == before
    assert f'href="#sj-{verb}-{field}"' in answer.text
    shown = Reader(answer.text)
    assert f"sj-{verb}-{field}" in [attrs.get("id") for _, attrs in shown.tags]
    for name, value in fields.items():
        if isinstance(value, str) and f"sj-{verb}-{name}" in shown.values:
            assert shown.values[f"sj-{verb}-{name}"] == value
    if fields.get("checked"):
        assert shown.ticked("checked") == fields["checked"]


def test_an_edit_that_changes_nothing_is_refused(store: Store, ann: Web) -> None:
    take_in(store, story())
    answer = ann.send("propose", edited())
    assert answer.status_code == 422
    assert "Nothing was changed." in answer.text
    assert Reader(answer.text).values["sj-propose-note"] == "Shorter."


def test_a_note_that_quotes_the_story_is_refused_and_kept(store: Store, ann: Web) -> None:
    take_in(store, story())
    quote = "You wrote that Anna took 40 pills, AND I was an addict."
    answer = ann.send("decline", {"reason": "other", "note": quote, "remarked": "1"})
    assert answer.status_code == 422
    assert store.dossier(ID) is not None
    assert Reader(answer.text).values["sj-decline-note"] == quote
    assert "repeats words of the story" in answer.text


def test_a_form_that_is_no_longer_offered_keeps_what_was_typed(store: Store, ann: Web) -> None:
    take_in(store, story())
    approve(store, ID)
    for verb in ("approve", "decline"):
        answer = ann.send(verb, FILLED[verb])
        assert answer.status_code == 409
        assert KEPT[verb] in answer.text
    assert dossier(store).state is State.PUBLISHED
    store.propose(story(title="Another"), "ben", 1, "why")
    answer = ann.send("propose", FILLED["propose"])
    assert answer.status_code == 409
    assert "The steps" in answer.text
    assert dossier(store).proposal.by == "ben"


def test_an_account_that_was_removed_meanwhile_does_nothing(
    store: Store, ann: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(store, story())
    monkeypatch.setattr(store, "approve", failing(DatabaseBusy("The database is busy.")))
    answer = ann.send("approve", FILLED["approve"])
    assert answer.status_code == 503
    assert Reader(answer.text).values["sj-approve-reason"] == "Reads well."
    store.remove_person("ann", "test")
    assert ann.send("ask", FILLED["ask"]).status_code == 401
    assert dossier(store).questions == ()


def test_anything_unforeseen_is_a_calm_page_and_no_words_in_a_log(
    store: Store, ann: Web, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    take_in(store, story())
    monkeypatch.setattr(store, "ask", failing(ValueError("quotes Is the van yours?")))
    answer = ann.send("ask", FILLED["ask"])
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "van" not in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe%00%ED%A0%80",
        b"a=1&" * 2000,
        b"version=%F0&text_revision=\x00",
        b"=&=&=",
        b"place=" + b"%00" * 3000,
    ],
)
@pytest.mark.parametrize("verb", VERBS)
def test_no_body_makes_it_fall_over(verb: str, body: bytes, store: Store, signed_in: Any) -> None:
    take_in(store, story())
    before = store.dossier(ID)
    cleo = signed_in("cleo")
    key = urlencode({"form_key": KEY}).encode() + b"&"
    for sent in (body, key + body):
        assert cleo.ask("POST", f"/desk/story/{ID}/{verb}", sent).status_code in (200, 303, 403, 409, 422)
    if verb not in ("unpublish", "withdraw"):
        assert store.dossier(ID) == before
    found = store.dossier(ID)
    fields = {
        **{k: list(v) for k, v in FILLED[verb].items()},
        "reason": "a\x00b\udc80".encode("utf-8", "surrogatepass"),
    }
    carried = (
        {"form_key": KEY, "version": str(found.version), "text_revision": str(found.text_revision)} if found else {}
    )
    answer = cleo.ask("POST", f"/desk/story/{ID}/{verb}", urlencode({**fields, **carried}, doseq=True).encode())
    assert answer.status_code in (200, 303, 403, 404, 409, 422)


# --- the program's own words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("approve", {"reason": "He is clean now."}),
        ("ask", {"text": "Are you an addict?"}),
        ("decline", {"reason": "other", "note": "Not clean."}),
        ("redact", {"place": ["going_on:10:14:Anna"], "reason": "An addict."}),
        ("propose", edited(title="Clean and clean")),
        ("propose", edited(title="Steps", note="Said like an addict.")),
        ("propose", edited(now="I walk the dog, clean.")),
    ],
)
def test_words_that_the_program_has_others_for_are_remarked_on_once(
    verb: str, fields: dict[str, Any], store: Store, ann: Web
) -> None:
    take_in(store, story())
    before = store.dossier(ID)
    answer = ann.send(verb, fields)
    assert answer.status_code == 200
    assert store.dossier(ID) == before
    assert "There is another word." in answer.text
    assert 'name="remarked" value="1"' in answer.text
    shown = Reader(answer.text)
    for name, value in fields.items():
        if isinstance(value, str) and f"sj-{verb}-{name}" in shown.values:
            assert shown.values[f"sj-{verb}-{name}"] == value
    assert ann.send(verb, {**fields, "remarked": "1"}).status_code == (
        200 if verb == "decline" else 303
    )  # never blocking
    assert store.dossier(ID) != before


def test_the_narrators_words_in_an_edit_are_not_remarked_on(store: Store, ann: Web) -> None:
    """They stay where they are, or stand elsewhere now: they are the narrator's all the same."""
    take_in(store, story())
    moved = "I was an addict and nobody came. " + TEXT.replace("I was an addict and nobody came", "that is all")
    assert ann.send("propose", edited(going_on=moved, title="Steps")).status_code == 303


def test_the_rules_of_the_program_are_the_ones_that_are_asked(
    store: Store, ann: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_marks.rules, "review", REAL[0])
    monkeypatch.setattr(story_marks.rules, "stigma", REAL[1])
    take_in(store, story())
    text = ann.get().text
    assert '<mark class="sj-f sj-f-other_person">Anna</mark>' in text
    assert "<mark" not in text.split("I was an addict")[1].split("</section>")[0]
    assert "Anna" not in "".join(re.findall(r"<mark[^>]*>([^<]*addict[^<]*)</mark>", text))
    assert ann.send("ask", {"text": "Are you an addict?"}).status_code == 200
    assert ann.send("ask", {"text": "How are you?"}).status_code == 303


# --- two at once -------------------------------------------------------------------------------------------------------


def test_an_approval_and_a_redaction_at_once_never_publish_unseen_words(store: Store, signed_in: Any) -> None:
    take_in(store, story())
    ann, ben, cleo = signed_in("ann"), signed_in("ben"), signed_in("cleo")
    for turn in range(6):
        seen = dossier(store)
        store.approve(ID, "cleo", seen.version, "first")
        at = dossier(store).story.text(Part.GOING_ON).index("a", turn)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            yes = pool.submit(ann.send, "approve", FILLED["approve"], seen=seen)
            cut = pool.submit(ben.send, "redact", {"place": [f"going_on:{at}:{at + 1}:a"], "reason": "x"}, seen=seen)
        assert cut.result().status_code == 303
        assert yes.result().status_code in (303, 409)
        now = dossier(store)
        assert now.version == seen.version + 1
        assert now.state is State.PENDING
        assert now.standing == ()
    del cleo


def test_two_redactions_at_once_are_one_and_a_refusal(store: Store, signed_in: Any) -> None:
    take_in(store, story())
    seen = dossier(store)
    webs = [signed_in("ann"), signed_in("ben")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(w.send, "redact", FILLED["redact"], seen=seen) for w in webs]
    assert sorted(a.result().status_code for a in answers) == [303, 409]
    assert dossier(store).version == 2
