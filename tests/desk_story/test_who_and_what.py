"""One story at the desk: who may do what, what it shows, and the verbs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from corpus.custody import REDACTED
from corpus.errors import DatabaseBusy
from corpus.store import Store
from corpus.types import Part, PartText, Provenance, Purpose, State
from desk_story.conftest import FILLED, ID, TEXT, VERBS, Web, dossier, edited, prepare, story
from tests.conftest import START, Clock, approve, make_consent, take_in

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
