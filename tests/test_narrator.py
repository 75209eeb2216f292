"""The narrator's own verbs: a story comes in once, its code opens it, and taking it back needs nothing else."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from corpus import codes, custody, errors, narrator
from corpus.custody import CodeRow, Declined, Dossier, Outcome
from corpus.store import Store
from corpus.types import Book, Consent, Part, PartText, Purpose, State
from tests.conftest import START, Clock, approve, make_consent, make_story, reviewers, take_in

COOLING = timedelta(hours=72)
DRAFT = make_story("draft")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real hash is tested in tests/test_hashing.py; here it would take most of the time."""
    monkeypatch.setattr(narrator, "hash_secret", lambda secret: f"hash of {secret}")
    monkeypatch.setattr(narrator, "verify_secret", lambda secret, hashed: hashed == f"hash of {secret}")


def submit(store: Store, seed: str | None = None, consent: Consent | None = None, now: datetime = START):  # type: ignore[no-untyped-def]
    seed = seed or codes.new_seed()
    return narrator.submit(store, DRAFT, consent or make_consent(now=now), seed, cooling_off=COOLING, now=now)


def test_a_story_comes_in_waits_and_is_opened_by_its_code(store: Store) -> None:
    receipt = submit(store)
    assert receipt.cools_until == START + COOLING
    opened = narrator.open_story(store, str(receipt.code))
    assert isinstance(opened, Dossier)
    assert opened.story == DRAFT.model_copy(update={"id": receipt.id})
    assert opened.state is State.PENDING
    assert str(receipt.code) not in repr(opened)
    assert receipt.code.secret not in repr(receipt)
    assert store.audit(1, Book.STORIES)[0].actor == "narrator"


def test_the_same_form_twice_is_one_story(store: Store) -> None:
    seed = codes.new_seed()
    first, second = submit(store, seed), submit(store, seed, now=START + timedelta(minutes=9))
    assert second.again
    assert (second.id, second.code) == (first.id, first.code)
    assert len(store.queue()) == 1
    with pytest.raises(errors.AlreadyReceived):
        submit(store, seed, now=START + timedelta(minutes=11))


def test_the_same_form_sent_many_times_at_once_is_one_story(store: Store) -> None:
    seed, done = codes.new_seed(), []
    threads = [threading.Thread(target=lambda: done.append(submit(store, seed))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 8
    assert len({receipt.id for receipt in done}) == 1
    assert len(store.queue()) == 1


def test_a_locator_that_is_taken_is_drawn_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = codes.code_from

    def narrow(seed: str, turn: int = 0) -> codes.Code:
        code = real(seed, turn)
        return code if turn else codes.Code("apple-boat", code.secret)

    monkeypatch.setattr(codes, "code_from", narrow)
    one, two = submit(store), submit(store)
    assert one.code.locator != two.code.locator
    assert {row.id for row in store.queue()} == {one.id, two.id}


@pytest.mark.parametrize(
    ("draft", "consent"),
    [
        (make_story("draft", parts=(PartText(part=Part.WHOLE, text="x" * 40_001),)), make_consent()),
        (DRAFT, make_consent(Purpose.EVALUATE)),
        (DRAFT, make_consent().model_copy(update={"expires_at": None})),
    ],
)
def test_what_cannot_be_taken_in_is_said(store: Store, draft: object, consent: Consent) -> None:
    with pytest.raises(errors.BadRecord):
        narrator.submit(store, draft, consent, codes.new_seed(), cooling_off=COOLING, now=START)  # type: ignore[arg-type]
    assert store.queue() == ()


def test_what_is_wrong_with_a_code_is_not_told_but_noted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    right = str(submit(store).code)
    other = str(codes.new_code())
    mixed = "-".join([*right.split("-")[:2], *other.split("-")[2:]])
    calls: list[str | None] = []
    real = narrator.verify_secret
    monkeypatch.setattr(narrator, "verify_secret", lambda s, h: calls.append(h) or real(s, h))
    said = set()
    for typed in (other, mixed, "", "hello", right + "-apple", "\x00" * 50):
        with pytest.raises(errors.CodeUnknown) as told:
            narrator.open_story(store, typed)
        said.add(str(told.value))
    assert len(said) == 1
    assert len(calls) == 6  # the same work each time
    lines = store.audit(10, Book.HOUSE)
    assert [e.verb for e in lines] == ["code:failed"] * 6
    assert all(e.subject is None and e.counts == {} for e in lines)


def test_withdrawing_needs_the_code_and_nothing_else(store: Store) -> None:
    receipt = submit(store)
    approve(store, receipt.id)
    narrator.withdraw(store, narrator.open_story(store, str(receipt.code)))
    assert store.dossier(receipt.id) is None
    with pytest.raises(errors.CodeUnknown):
        narrator.open_story(store, str(receipt.code))


def test_a_form_that_is_sent_again_after_its_story_left_brings_nothing_back(store: Store) -> None:
    """A reloaded receipt sends the form again: what was taken back stays away."""
    seed = codes.new_seed()
    receipt = submit(store, seed)
    narrator.withdraw(store, narrator.open_story(store, str(receipt.code)))
    with pytest.raises(errors.AlreadyReceived, match="left"):
        submit(store, seed)
    assert store.queue() == ()
    assert submit(store).id != receipt.id  # a new form is another story


def test_a_declined_story_still_answers_and_can_be_removed_wholly(store: Store) -> None:
    receipt = submit(store)
    reviewers(store)
    store.decline(receipt.id, "ann", Declined.NOT_NOW, "Not this month.")
    opened = narrator.open_story(store, str(receipt.code))
    assert isinstance(opened, Outcome)
    assert (opened.reason, opened.note) == (Declined.NOT_NOW, "Not this month.")
    narrator.withdraw(store, opened)
    with pytest.raises(errors.CodeUnknown):
        narrator.open_story(store, str(receipt.code))


def test_switches_and_renewal(store: Store, clock: Clock) -> None:
    receipt = submit(store)

    def opened() -> Dossier:
        found = narrator.open_story(store, str(receipt.code))
        assert isinstance(found, Dossier)
        return found

    narrator.switch(store, opened(), frozenset({Purpose.SURFACE, Purpose.SHARE}), "w2", START)
    assert opened().consent.purposes == {Purpose.SURFACE, Purpose.SHARE}
    assert opened().consent.expires_at == receipt.expires_at
    narrator.switch(store, opened(), frozenset(), "w2", START)
    assert opened().consent.purposes == frozenset()
    narrator.switch(store, opened(), frozenset({Purpose.SURFACE}), "w2", START)
    clock.forward(days=100)
    narrator.renew(store, opened(), 24, "w3", clock())
    assert opened().consent.expires_at == custody.months_after(clock(), 24)
    assert opened().consent.wording == "w3"
    for months in (0, 13, 120):
        with pytest.raises(errors.BadRecord):
            narrator.renew(store, opened(), months, "w3", clock())


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ((2026, 11, 21), 12, (2027, 11, 21)),
        ((2026, 12, 31), 12, (2027, 12, 31)),
        ((2028, 2, 29), 12, (2029, 2, 28)),
        ((2028, 2, 29), 24, (2030, 2, 28)),
        ((2026, 12, 1), 24, (2028, 12, 1)),
    ],
)
def test_the_same_day_months_later(day: tuple[int, int, int], months: int, then: tuple[int, int, int]) -> None:
    assert custody.months_after(datetime(*day, 9, tzinfo=UTC), months) == datetime(*then, 9, tzinfo=UTC)


def test_an_answer_has_words(store: Store) -> None:
    receipt = submit(store)
    reviewers(store)
    number = store.ask(receipt.id, "ann", "Is that his name?")
    dossier = store.dossier(receipt.id)
    assert dossier
    for text in ("", "  ", "x" * 2001):
        with pytest.raises(errors.BadRecord):
            narrator.answer(store, dossier, number, text)
    narrator.answer(store, dossier, number, "No, I changed it.")
    assert store.dossier(receipt.id).questions[0].answer == "No, I changed it."  # type: ignore[union-attr]


def test_a_code_for_an_imported_story_is_drawn_once(store: Store) -> None:
    from tests.conftest import take_in

    take_in(store, make_story())
    code = narrator.draw_code(store, "one", "command line")
    assert isinstance(narrator.open_story(store, str(code)), Dossier)
    with pytest.raises(errors.IllegalMove):
        narrator.draw_code(store, "one", "command line")


def test_the_same_form_with_other_words_loses_none_of_them(store: Store) -> None:
    seed = codes.new_seed()
    first = submit(store, seed)
    other = DRAFT.model_copy(update={"title": "Without her name"})
    receipts = [
        narrator.submit(store, other, make_consent(), seed, cooling_off=COOLING, now=START + timedelta(minutes=m))
        for m in (1, 2)
    ]
    assert receipts[0].code != first.code
    assert (receipts[1].id, receipts[1].again) == (receipts[0].id, True)
    titles = {}
    for receipt in (first, receipts[0]):
        opened = narrator.open_story(store, str(receipt.code))
        assert isinstance(opened, Dossier)
        titles[receipt.id] = opened.story.title
    assert sorted(titles.values()) == ["Title draft", "Without her name"]
    assert submit(store, seed).id == first.id
    reviewers(store)
    dossier = store.dossier(first.id)
    assert dossier
    changed = dossier.story.model_copy(update={"title": "[…]"})
    store.redact(changed, dossier.text_revision, "ann", "r", 1, 5)
    assert submit(store, seed).id == first.id  # it was changed here, so nobody can tell what was sent
    assert len(store.queue()) == 2


def test_words_of_a_note_that_is_over_are_passed_by(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewers(store)
    seed = codes.new_seed()
    take_in(store, make_story("one"), code=CodeRow(codes.code_from(seed).locator, "h"))
    store.decline("one", "ann", Declined.OTHER, "n")
    clock.forward(days=91)  # and the job has not run
    looks, real = [], store.find_code

    def counted(locator: str):  # type: ignore[no-untyped-def]
        looks.append(locator)
        assert len(looks) < 20, "it never ends"
        return real(locator)

    monkeypatch.setattr(store, "find_code", counted)
    receipt = submit(store, seed, now=clock())
    assert receipt.code == codes.code_from(seed, 1)
