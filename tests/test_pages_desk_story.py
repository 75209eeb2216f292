"""The page of a story at the desk: what it shows, each verb, what is refused and kept, and who may do what."""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from browser.fakes import NASTY, settings
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from assistant.pages.desk import access, story_forms, story_marks
from assistant.pages.desk import story as page
from assistant.pages.guard import Guard
from corpus.custody import REDACTED, Declined, Role
from corpus.errors import DatabaseBusy
from corpus.review.findings import Finding, FindingKind, Place
from corpus.store import Store
from corpus.types import Part, PartText, Provenance, Purpose, State, Story
from tests.conftest import START, Clock, approve, make_consent, make_story, reviewers, take_in

ID = "s-1"
KEY = "the key of this session"
TEXT = "My sister Anna came by.\nAnna took 40 pills, and I was an addict and nobody came."
VERBS = tuple(page.VERBS)


def fake_review(
    parts: Sequence[PartText], _notes: Sequence[str], title: str = "", narrator: str = "", _themes: Any = ()
) -> tuple[Finding, ...]:
    """Findings of every kind in places that a test can count; also one that must never be shown."""
    found = []
    for part in parts:
        for words, kind in (("Anna", FindingKind.OTHER_PERSON), ("40 pills", FindingKind.METHOD)):
            at = [m.start() for m in re.finditer(words, part.text)]
            again = tuple(Place(part.part, a, a + len(words)) for a in at[1:])
            found += [Finding(kind, "x", f"Why {words}.", part.part, a, a + len(words), again=again) for a in at[:1]]
        for m in re.finditer("addict", part.text):
            found.append(Finding(FindingKind.STIGMA, "x", "Never of a narrator.", part.part, m.start(), m.end()))
    if "Anna" in title:
        found.append(Finding(FindingKind.OTHER_PERSON, "x", "Why the title.", None, 0, 4, field="title"))
    if "Anna" in narrator:
        found.append(Finding(FindingKind.IDENTIFYING, "x", "Why the name.", None, 0, 4, field="narrator"))
    found.append(Finding(FindingKind.NO_COPING, "x", "No help was found.", None, 0, 0))
    return tuple(found)


def fake_stigma(text: str) -> tuple[Finding, ...]:
    places = [m.span() for m in re.finditer(r"\b(clean|addict)\b", text)]
    return tuple(Finding(FindingKind.STIGMA, "x", "There is another word.", None, a, b) for a, b in places)


REAL = (story_marks.rules.review, story_marks.rules.stigma)


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story_marks.rules, "review", fake_review)
    monkeypatch.setattr(story_marks.rules, "stigma", fake_stigma)


class Web:
    """A browser that is signed in as somebody, in front of the Guard. Sends forms as browsers do."""

    def __init__(self, app: Any, store: Store, clock: Clock, name: str | None) -> None:
        self.app, self.store = app, store
        self.headers = {"origin": "http://127.0.0.1", "content-type": "application/x-www-form-urlencoded"}
        if name:
            store.open_session(name, access.digest(f"token {name}"), KEY, clock() + timedelta(hours=12))
            self.headers["cookie"] = f"sj-desk=token {name}"

    def ask(self, method: str, path: str, content: bytes = b"") -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, content=content, headers=self.headers)

        return asyncio.run(once())

    def get(self, id: str = ID, query: str = "") -> httpx.Response:
        return self.ask("GET", f"/desk/story/{id}{query}")

    def send(
        self, verb: str, fields: dict[str, Any] | None = None, *, seen: Any = None, key: str = KEY
    ) -> httpx.Response:
        """A form as this story's page gave it, with `fields` filled in. seen: an older dossier that was read."""
        dossier = seen or self.store.dossier(ID)
        carried = {"form_key": key}
        if dossier is not None:
            carried |= {"version": str(dossier.version), "text_revision": str(dossier.text_revision)}
            if verb == "take-back" and dossier.proposal:
                carried["at"] = dossier.proposal.at.isoformat()
        body = {
            k: [x.replace("\n", "\r\n") for x in ([v] if isinstance(v, str) else v)] for k, v in (fields or {}).items()
        }
        return self.ask("POST", f"/desk/story/{ID}/{verb}", urlencode({**carried, **body}, doseq=True).encode())


@pytest.fixture
def finder() -> SimpleNamespace:
    """Counts how often it was refreshed."""
    found = SimpleNamespace(times=0, error=None)

    def refresh() -> None:
        found.times += 1
        if found.error:
            raise found.error

    found.refresh = refresh
    return found


@pytest.fixture
def signed_in(store: Store, clock: Clock, finder: Any) -> Callable[[str | None], Web]:
    reviewers(store)
    app = FastAPI()
    app.add_exception_handler(access.Refused, access.answer)  # type: ignore[arg-type]
    page.add(app, SimpleNamespace(store=store, finder=finder), access.Desk(store, settings(), now=clock))  # type: ignore[arg-type]
    guarded = Guard(app, shell=lambda text, _nonce, _scope: text, writes=(10_000, 10_000))
    return lambda name: Web(guarded, store, clock, name)


@pytest.fixture
def ann(signed_in: Callable[[str | None], Web]) -> Web:
    return signed_in("ann")


def story(**changes: Any) -> Story:
    parts = (PartText(part=Part.GOING_ON, text=TEXT), PartText(part=Part.NOW, text="I walk the dog."))
    return make_story(ID, **{"title": "The stairs", "parts": parts, "hope": 2, **changes})


def edited(**changes: Any) -> dict[str, Any]:
    """The form of another wording, filled with the story as it is and then changed."""
    return {**{k: list(v) for k, v in story_forms.fields_of(story()).items()}, "note": "Shorter.", **changes}


FILLED: dict[str, dict[str, Any]] = {
    "approve": {"reason": "Reads well.", "checked": ["people"]},
    "ask": {"text": "Is the van yours?"},
    "decline": {"reason": "other", "note": "It does not fit here, with thanks."},
    "propose": edited(title="The steps"),
    "take-back": {},
    "redact": {"place": ["going_on:10:14:Anna"], "reason": "A name."},
    "unpublish": {},
    "withdraw": {"sure": "1"},
}
KEPT = {
    "approve": "Reads well.", "ask": "Is the van yours?", "decline": "It does not fit here, with thanks.",
    "propose": "The steps", "redact": "A name.",
}  # fmt: skip


def prepare(store: Store, verb: str) -> None:
    """A story in a state in which the verb is possible."""
    take_in(store, story())
    if verb == "unpublish":
        approve(store, ID)
    if verb == "take-back":
        store.propose(story(title="Another"), "ann", 1, "why")


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def dossier(store: Store) -> Any:
    found = store.dossier(ID)
    assert found is not None
    return found


class Reader(HTMLParser):
    """What a browser would make of a page: the elements that there are, and the words of those with some attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.values: dict[str, str] = {}
        self._area: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag == "input" and found.get("id"):
            self.values[str(found["id"])] = found.get("value") or ""
        if tag == "textarea":
            self._area = str(found["id"])
            self.values[self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            self.values[self._area] = self.values[self._area].removeprefix("\n")
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data

    def ticked(self, name: str) -> list[str]:
        return [str(a["value"]) for t, a in self.tags if t == "input" and a.get("name") == name and "checked" in a]


# --- who may do what ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nobody", "rita", "ann", "cleo"])
@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_is_for_its_roles_only(verb: str, name: str, store: Store, signed_in: Any) -> None:
    prepare(store, verb)
    before = (store.dossier(ID), store.revision())
    answer = signed_in(None if name == "nobody" else name).send(verb, FILLED[verb])
    allowed = name == "cleo" or (name == "ann" and verb != "withdraw")
    assert answer.status_code == {"nobody": 401}.get(
        name, 303 if allowed and verb not in ("decline", "withdraw") else 200 if allowed else 403
    )
    assert ((store.dossier(ID), store.revision()) == before) is not allowed
    if name == "rita":
        assert "nobody came" not in answer.text  # a refusal shows no words either


@pytest.mark.parametrize("verb", VERBS)
def test_a_form_without_the_key_of_the_session_does_nothing(verb: str, store: Store, signed_in: Any) -> None:
    prepare(store, verb)
    before = (store.dossier(ID), store.revision())
    assert signed_in("cleo").send(verb, FILLED[verb], key="another").status_code == 403
    assert (store.dossier(ID), store.revision()) == before


def test_who_may_only_read_sees_published_stories_and_no_form(store: Store, signed_in: Any) -> None:
    take_in(store, story())
    rita = signed_in("rita")
    assert rita.get().status_code == 404
    assert "Anna" not in rita.get().text
    approve(store, ID)
    shown = rita.get()
    assert shown.status_code == 200
    assert "nobody came" in shown.text
    assert "/desk/story/" not in shown.text
    assert "<mark" not in shown.text
    assert "reads well" not in shown.text  # nor what reviewers wrote


def test_nobody_reads_without_a_session(store: Store, signed_in: Any) -> None:
    take_in(store, story())
    assert signed_in(None).get().status_code == 303


@pytest.mark.parametrize("why", ["held", "not allowed", "over", "unknown", "sample"])
def test_a_story_that_is_not_for_reviewers_is_not_there(why: str, store: Store, ann: Web, clock: Clock) -> None:
    if why == "held":
        take_in(store, story(), state=State.HELD)
    if why == "not allowed":
        take_in(store, story(), make_consent(Purpose.QUOTE))
    if why == "over":
        take_in(store, story(), make_consent(days=1))
        clock.forward(days=1)
        ann = Web(ann.app, store, clock, "ben")  # ann's own session is over as well
    if why == "sample":
        store.add_sample(story(provenance=Provenance.SAMPLE), make_consent(), "test")
        assert ann.get().status_code == 200  # published, as readers see it
        assert "<form" not in ann.get().text.split("<main")[1]
        store.withdraw(ID, "test")
    assert ann.get().status_code == 404
    for verb in VERBS:
        if verb != "withdraw":
            assert ann.send(verb, FILLED[verb]).status_code == 404


# --- what it shows -----------------------------------------------------------------------------------------------------


def test_the_story_stands_whole_with_its_findings_in_place(store: Store, ann: Web) -> None:
    take_in(store, story(title="Anna's stairs", narrator="Anna"))
    text = ann.get().text
    marks = re.findall(r'<mark class="sj-f ([^"]+)">([^<]*)</mark>', text)
    assert marks == [
        ("sj-f-other_person", "Anna"), ("sj-f-identifying", "Anna"), ("sj-f-other_person", "Anna"),
        ("sj-f-other_person", "Anna"), ("sj-f-method", "40 pills"),
    ]  # fmt: skip
    for number, reason in enumerate(
        ["Why the title.", "Why the name.", "Why Anna.", "Why 40 pills.", "No help was found."], 1
    ):
        entry = text.split(f'id="sj-why-{number}"')[1].split("</li>")[0]
        assert reason in entry
    assert re.findall(r'<sup class="sj-ref">.*?</span>(\d)</a>', text) == ["1", "2", "3", "3", "4"]
    assert text.count('id="sj-at-3"') == 1
    assert text.count('name="place"') == 3  # both places of the name, and the method; a title has none to remove
    assert "going_on:24:28:Anna" in text


def test_a_narrators_own_words_about_themselves_are_never_marked(store: Store, ann: Web) -> None:
    take_in(store, story())
    text = ann.get().text
    assert "I was an addict" in re.sub(r"<[^>]+>", "", text)
    assert "Never of a narrator." not in text
    assert 'class="sj-f sj-f-stigma"' not in text


def test_what_happened_is_told(store: Store, ann: Web) -> None:
    take_in(store, story(), cools_until=START + timedelta(days=3))
    store.approve(ID, "ben", 1, "Ben's reason")
    number = store.ask(ID, "ben", "Whose van?")
    store.answer(ID, number, "A neighbour's.", "narrator")
    store.ask(ID, "ann", "Which road?")
    store.propose(story(title="Steps"), "ben", 1, "a shorter title")
    text = ann.get().text
    for words in (
        "1 of 2 people have approved", "time to think again is not over", "4 November 2026, 12:00 UTC",
        "A question waits", "An edit waits", "Ben&#39;s reason", "Whose van?", "A neighbour&#39;s.", "Which road?",
        "a shorter title", "<del>", "<ins>",
    ):  # fmt: skip
        assert words in text, words
    assert '/redact"' not in text  # not while an edit with the same words waits
    assert '/take-back"' not in text  # another's


def test_an_approval_of_older_words_is_told_as_such(store: Store, ann: Web) -> None:
    take_in(store, story())
    store.approve(ID, "ben", 1, "reads well")
    assert ann.send("redact", FILLED["redact"]).status_code == 303
    text = ann.get().text
    assert "the words changed since" in text
    assert "0 of 2 people" in text
    assert "A name." in text
    assert "places: 1, characters: 4, made version 2" in text


def test_what_was_done_is_said_from_a_closed_list(store: Store, ann: Web) -> None:
    take_in(store, story())
    assert "Your approval is kept." in ann.get(query="?done=approved").text
    assert ann.get(query="?done=%3Cscript%3Ex").status_code == 200


# --- the verbs ---------------------------------------------------------------------------------------------------------


def test_two_approvals_publish_and_embed_outside_of_a_visitors_turn(store: Store, signed_in: Any, finder: Any) -> None:
    take_in(store, story())
    first = signed_in("ann").send("approve", FILLED["approve"])
    assert first.headers["location"].endswith("?done=approved")
    assert finder.times == 0
    finder.error = DatabaseBusy("busy")
    second = signed_in("ben").send("approve", {"reason": "Yes."})
    assert second.headers["location"].endswith("?done=published")
    assert finder.times == 1
    found = dossier(store)
    assert found.state is State.PUBLISHED
    reasons = {a.reviewer: a.reason for a in found.approvals}
    assert reasons["ann"].startswith("Reads well.\nChecked: other people are protected.\nNot checked: no methods")
    assert "\nChecked:" not in reasons["ben"]


def test_a_question_an_edit_and_taking_it_back(store: Store, ann: Web) -> None:
    take_in(store, story())
    ann.send("ask", FILLED["ask"])
    assert dossier(store).questions[0].text == "Is the van yours?"
    ann.send(
        "propose",
        edited(going_on="My sister came by.", themes=["sleep", "grief"], was_like="Long.", stage="further_along"),
    )
    proposal = dossier(store).proposal
    assert proposal.story == story(
        parts=(
            PartText(part=Part.GOING_ON, text="My sister came by."), PartText(part=Part.WAS_LIKE, text="Long."),
            PartText(part=Part.NOW, text="I walk the dog."),
        ),
        themes=("grief", "sleep"), stage="further_along",
    )  # fmt: skip
    assert dossier(store).story == story()  # nothing changes before the narrator's yes
    assert ann.send("take-back").status_code == 303
    assert dossier(store).proposal is None


def test_only_ones_own_edit_is_taken_back_and_a_lead_any(store: Store, signed_in: Any) -> None:
    take_in(store, story())
    store.propose(story(title="Steps"), "ben", 1, "why")
    assert signed_in("ann").send("take-back").status_code == 403
    assert dossier(store).proposal is not None
    assert signed_in("cleo").send("take-back").status_code == 303


def test_an_edit_that_is_no_longer_the_one_is_not_taken_back(store: Store, ann: Web, clock: Clock) -> None:
    take_in(store, story())
    store.propose(story(title="Steps"), "ann", 1, "why")
    seen = dossier(store)
    store.drop_proposal(ID, "narrator")
    clock.forward(minutes=1)
    store.propose(story(title="Stones"), "ann", 1, "why")
    assert ann.send("take-back", seen=seen).status_code == 409
    assert dossier(store).proposal.story.title == "Stones"


def test_words_are_removed_and_the_bytes_follow(store: Store, ann: Web) -> None:
    take_in(store, story())
    ann.send("redact", {"place": ["going_on:10:14:Anna", "going_on:24:28:Anna"], "reason": "A name."})
    text = dossier(store).story.text(Part.GOING_ON)
    assert text == TEXT.replace("Anna", REDACTED)
    assert not store.scrub_is_due()


def test_a_decline_deletes_the_words_now_and_says_so(store: Store, ann: Web) -> None:
    take_in(store, story())
    answer = ann.send("decline", FILLED["decline"])
    assert answer.status_code == 200
    assert "The story was declined" in answer.text
    assert store.dossier(ID) is None
    assert not store.scrub_is_due()
    assert ann.send("approve", FILLED["approve"]).status_code == 404


def test_taking_it_off_the_page_is_one_press_and_never_too_late(store: Store, ann: Web) -> None:
    prepare(store, "unpublish")
    assert ann.send("unpublish", {"version": "77", "text_revision": "x"}).status_code == 303
    assert dossier(store).state is State.PENDING
    assert dossier(store).standing == ()


def test_taking_it_down_for_ever_asks_once(store: Store, signed_in: Any) -> None:
    take_in(store, story())
    cleo = signed_in("cleo")
    asked = cleo.send("withdraw")
    assert asked.status_code == 200
    assert "Delete it now" in asked.text
    assert store.dossier(ID) is not None
    assert "The story was taken down" in cleo.send("withdraw", {"sure": "1"}).text
    assert store.dossier(ID) is None
    assert not store.scrub_is_due()


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


# --- without scripts ---------------------------------------------------------------------------------------------------


def test_words_are_found_and_chosen_without_scripts(store: Store, ann: Web) -> None:
    take_in(store, story())
    found = ann.send("redact", {"find": "Anna", "look": "1", "reason": "A name."})
    assert found.status_code == 200
    offered = found.text.split('id="sj-places"')[1].split("</fieldset>")[0]
    assert re.findall(r'value="([^"]+)"', offered) == ["going_on:10:14:Anna", "going_on:24:28:Anna"]
    shown = Reader(found.text)
    assert shown.ticked("place") == []
    assert shown.values["sj-redact-reason"] == "A name."
    one = ann.send("redact", {"find": "walk the dog", "look": "1", "place": ["going_on:24:28:Anna"]})
    assert Reader(one.text).ticked("place") == ["going_on:24:28:Anna", "now:2:14:walk the dog"]  # one place: ticked
    none = ann.send("redact", {"find": "no such words", "look": "1"})
    assert "These words are not in the story" in none.text
    ann.send("redact", {"place": ["going_on:24:28:Anna"], "reason": "A name."})
    assert dossier(store).story.text(Part.GOING_ON) == TEXT[:24] + REDACTED + TEXT[28:]


def test_line_breaks_of_an_imported_story_stay_and_places_fit(store: Store, ann: Web) -> None:
    text = "One.\r\nTwo Anna.\r\n\r\nThree.\rFour 😀 Anna."
    take_in(store, story(parts=(PartText(part=Part.WHOLE, text=text),)))
    values = [str(a["value"]) for t, a in Reader(ann.get().text).tags if a.get("name") == "place"]
    assert values == ["whole:9:13:Anna", "whole:30:34:Anna"]
    across = "whole:0:13:One.\nTwo Anna"
    ann.send("redact", {"place": [across, values[1]], "reason": "A name."})
    assert dossier(store).story.text(Part.WHOLE) == f"{REDACTED}.\r\n\r\nThree.\rFour 😀 {REDACTED}."
    fields = {k: list(v) for k, v in story_forms.fields_of(dossier(store).story).items()}
    ann.send("propose", {**fields, "title": "Other", "note": "why"})
    assert dossier(store).proposal.story.parts == dossier(store).story.parts


# --- nothing that is typed becomes a page -----------------------------------------------------------------------------


@pytest.mark.parametrize("nasty", [*NASTY, "</textarea><script>x</script>", '"><img src=x onerror=x>', "--><script>"])
def test_nothing_that_anybody_typed_becomes_an_element(nasty: str, store: Store, ann: Web) -> None:
    parts = (PartText(part=Part.GOING_ON, text=nasty + " Anna " + nasty), PartText(part=Part.NOW, text="\n" + nasty))
    take_in(store, story(title=nasty, narrator=nasty[:80], parts=parts))
    store.approve(ID, "ben", 1, nasty)
    store.answer(ID, store.ask(ID, "ben", nasty), nasty, "narrator")
    plain = [t for t, _ in Reader(ann.get().text).tags]
    answers = [ann.get()]
    for verb in ("approve", "ask", "decline", "redact", "propose"):
        fields = {
            "reason": nasty,
            "text": nasty,
            "note": nasty,
            "title": nasty,
            "narrator": nasty,
            "going_on": nasty,
            "find": nasty,
            "place": [nasty, f"now:0:3:{nasty}"],
            "themes": [nasty],
        }
        stale = SimpleNamespace(version=9, text_revision=9, proposal=None)
        answers += [
            ann.send(verb, fields, seen=stale),
            ann.send(verb, {**fields, "look": "1"}),
            ann.send(verb, {"remarked": nasty}),
        ]
    changed = story(title=nasty + "!", narrator=nasty[:79] + "!", parts=(PartText(part=Part.GOING_ON, text=nasty),))
    store.propose(changed, "ann", 1, nasty)
    answers.append(ann.get())
    for answer in answers:
        assert answer.status_code in (200, 303, 409, 422)
        shown = Reader(answer.text)
        assert not {t for t, _ in shown.tags} - set(plain) - {"del", "ins"}, answer.request.url
        assert not [a for _, attrs in shown.tags for a in attrs if a.startswith("on")]
    area = Reader(
        ann.send("ask", {"text": "\n" + nasty}, seen=SimpleNamespace(version=9, text_revision=9, proposal=None)).text
    )
    assert area.values["sj-ask-text"] == "\n" + nasty  # as it was typed, its first line break too


# --- the pieces --------------------------------------------------------------------------------------------------------


def mark(number: int) -> story_marks.Mark:
    return story_marks.Mark(number, "method", "▲", "", "going_on", "", "", ())


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
def test_a_text_that_is_cut_at_findings_is_the_text(text: str, places: list[tuple[int, int]]) -> None:
    lies = [(a, b, mark(n), n % 3 == 2) for n, (a, b) in enumerate(places)]
    slices = story_marks.cut(text, lies)
    assert "".join(s.text for s in slices) == text
    for a, b, one, again in lies:
        fits = 0 <= a < b <= len(text)
        assert "".join(s.text for s in slices if one in s.inside) == (text[a:b] if fits else "")
        assert sum(one in s.ends for s in slices) == (fits and not again)
        assert sum(one in s.again for s in slices) == (fits and again)


@given(st.text(alphabet="ab\r\n:😀é", min_size=1, max_size=40), st.integers(0, 40), st.integers(1, 40))
def test_a_place_that_a_browser_sends_is_found_in_the_stored_words(text: str, start: int, length: int) -> None:
    stored = story(parts=(PartText(part=Part.WHOLE, text=text),))
    shown = story_marks.as_shown(stored)
    spot = story_marks.spot_at(shown, Part.WHOLE, start, start + length)
    if spot is None:
        assert start + length > len(shown.text(Part.WHOLE) or "")
        return
    place = story_marks.read_place(spot.place.value.replace("\n", "\r\n"))
    assert place == spot.place
    removal = story_marks.removal(stored, place)
    assert removal is not None
    assert removal.words == removal.span.of(stored)
    assert story_marks.one_break(removal.words) == place.words
    assert story_marks.removal(stored, story_marks.Place(Part.WHOLE, start, start + length, place.words + "x")) is None


def test_many_findings_are_cut_in_linear_time() -> None:
    import time

    text = "ab " * 13_000
    began = time.perf_counter()
    slices = story_marks.cut(text, [(n * 3, n * 3 + 2, mark(n), False) for n in range(13_000)])
    assert len(slices) == 26_000
    assert time.perf_counter() - began < 10  # each against each would take a minute


def test_every_reason_and_every_role_has_its_words(store: Store, signed_in: Any) -> None:
    prepare(store, "unpublish")
    text = signed_in("cleo").get().text
    assert "Take it down for ever" in text
    assert "/unpublish" in text
    assert "/decline" not in text
    assert set(page.VERBS.values()) == {Role.REVIEWER, Role.LEAD}
    store.unpublish(ID, "ann")
    text = signed_in("ann").get().text
    assert all(f'value="{reason.value}"' in text for reason in Declined)
    assert "Take it down for ever" not in text
