"""What a narrator can do: give a story, and with its code see it, answer, decide, pause, renew, and take it back.

Nobody signs in here. Each verb takes a `Dossier` that `open_story` gave for a right code, in the same request.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from corpus import codes, errors
from corpus.custody import MONTHS, MOST_CHARACTERS, MOST_NOTE, CodeRow, Dossier, Held, Outcome, months_after
from corpus.hashing import hash_secret, verify_secret
from corpus.store import Store
from corpus.types import Consent, Provenance, Purpose, Story

ACTOR = "narrator"
SHOWN_AGAIN = timedelta(minutes=10)  # a form sent twice because the line broke still gets its code
_TURNS = 8  # other words are drawn when a locator is taken


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a narrator takes along. The code is shown once and is nowhere in the database."""

    code: codes.Code
    id: str
    submitted_at: datetime
    cools_until: datetime
    expires_at: datetime
    purposes: frozenset[Purpose]
    again: bool = False  # the same form was sent before: nothing was stored twice


def consent_for(purposes: frozenset[Purpose], months: int, wording: str, now: datetime) -> Consent:
    """A consent from now on for 12 or 24 months. BadRecord for any other time, and without leave to show the story."""
    if months not in MONTHS:
        raise errors.BadRecord("A consent lasts 12 or 24 months.")
    return Consent(purposes=purposes, granted_at=now, expires_at=months_after(now, months), wording=wording)


def submit(
    store: Store, draft: Story, consent: Consent, seed: str, *, cooling_off: timedelta, now: datetime
) -> Receipt:
    """Take a story in. The id of `draft` is replaced by a new one that says nothing.

    seed: drawn by `codes.new_seed` when the form was opened. The same form sent twice is one story: within ten minutes
    the receipt comes again, later AlreadyReceived. Sent again with other words it is another story with another code,
    so that nothing that was typed is lost. When this returns, the story survives a power cut. BadRecord when it is too
    long, or when its consent does not let it be shown.
    """
    if sum(len(p.text) for p in draft.parts) > MOST_CHARACTERS:
        raise errors.BadRecord(f"A story can have up to {MOST_CHARACTERS} characters.")
    if Purpose.SURFACE not in consent.purposes or consent.expires_at is None:
        raise errors.BadRecord("A story is sent with leave to show it in the app, and with an end of that leave.")
    draft = draft.model_copy(update={"id": "draft", "provenance": Provenance.CONTRIBUTED})
    story = draft.model_copy(update={"id": _id_of(seed, draft)})
    hashed: str | None = None
    turn = 0
    while turn < _TURNS:
        code = codes.code_from(seed, turn)
        found = store.find_code(code.locator)
        if found is not None:
            if verify_secret(code.secret, found.hashed) and not _other_words(store, found.id, story):
                return _again(store, found.id, code, now)
            turn, hashed = turn + 1, None
            continue
        hashed = hashed or hash_secret(code.secret)
        held = Held(submitted_at=now, cools_until=now + cooling_off, code=CodeRow(code.locator, hashed))
        try:
            store.add(story, consent, held, ACTOR)
        except errors.CodeTaken:  # by the same form sent twice at once, or by another story: look again
            if store.find_code(code.locator) is None:  # a note to a declined story that is over, until the job runs
                turn, hashed = turn + 1, None
            continue
        except errors.IllegalMove as error:  # this form's story came in, and left: a page that is reloaded cannot
            raise errors.AlreadyReceived(
                "This story has been received before, and it has left since. A new form can be begun."
            ) from error
        return Receipt(code, story.id, now, held.cools_until, consent.expires_at, consent.purposes)
    raise errors.DatabaseBusy("No free words were found for a code. Please send it again in a moment.")


def _id_of(seed: str, draft: Story) -> str:
    """An id that says nothing, the same for the same words out of the same form: once such a story has left, its id is
    on the list of those that may not come back. The seed has 128 random bits and is nowhere on our side."""
    return "s-" + hashlib.sha256(f"{seed}\0{draft.model_dump_json()}".encode("utf-8", "replace")).hexdigest()[:12]


def _other_words(store: Store, id: str, story: Story) -> bool:
    """Whether a story that came in with this form has other words. Once somebody changed it, nobody can tell."""
    dossier = store.dossier(id)
    return (
        dossier is not None
        and dossier.version == 1
        and dossier.story != story.model_copy(update={"id": id, "provenance": dossier.story.provenance})
    )


def _again(store: Store, id: str, code: codes.Code, now: datetime) -> Receipt:
    dossier = store.dossier(id)
    if dossier is None or now - dossier.held.submitted_at > SHOWN_AGAIN:
        raise errors.AlreadyReceived("This story has been received before. Its code was shown then.")
    until = dossier.consent.expires_at
    assert until is not None
    return Receipt(
        code, id, dossier.held.submitted_at, dossier.held.cools_until, until, dossier.consent.purposes, again=True
    )


def draw_code(store: Store, id: str, actor: str) -> codes.Code:
    """A code for an imported story that has none. IllegalMove when it has one: it cannot be replaced (PRACTICE R21)."""
    for _ in range(_TURNS):
        code = codes.new_code()
        with contextlib.suppress(errors.CodeTaken):
            store.set_code(id, CodeRow(code.locator, hash_secret(code.secret)), actor)
            return code
    raise errors.DatabaseBusy("No free words were found for a code. Please try again.")


def open_story(store: Store, typed: str) -> Dossier | Outcome:
    """What a code opens. CodeUnknown for anything else; it takes the same time whatever was wrong, and is audited."""
    code = codes.read_code(typed)
    found = store.find_code(code.locator) if code else None
    fits = verify_secret(code.secret if code else "", found.hashed if found else None)
    if fits and found is not None:
        opened = found.outcome or store.dossier(found.id)
        if opened is not None:
            return opened
    store.tell(ACTOR, "code:failed")
    raise errors.CodeUnknown(
        "These words open nothing here. They may be typed differently from the receipt, "
        "or the story has already been taken back."
    )


def confirm(store: Store, dossier: Dossier, consent: Consent) -> None:
    """Set the switches and the time (also: confirm a story that was imported without evidence)."""
    store.set_consent(dossier.story.id, consent, ACTOR)


def renew(store: Store, dossier: Dossier, months: int, wording: str, now: datetime) -> Consent:
    """The same switches from now on for 12 or 24 months (PRACTICE R16: only by the narrator)."""
    consent = consent_for(dossier.consent.purposes, months, wording, now)
    store.set_consent(dossier.story.id, consent, ACTOR)
    return consent


def switch(store: Store, dossier: Dossier, purposes: frozenset[Purpose], wording: str, now: datetime) -> Consent:
    """Other switches, the same end."""
    consent = Consent(purposes=purposes, granted_at=now, expires_at=dossier.consent.expires_at, wording=wording)
    store.set_consent(dossier.story.id, consent, ACTOR)
    return consent


def answer(store: Store, dossier: Dossier, question: int, text: str) -> None:
    if not text.strip() or len(text) > MOST_NOTE:
        raise errors.BadRecord(f"An answer has between 1 and {MOST_NOTE} characters.")
    store.answer(dossier.story.id, question, text, ACTOR)


def accept_edit(store: Store, dossier: Dossier) -> None:
    """Take the edit that is in the dossier: exactly that one (PRACTICE R18)."""
    if dossier.proposal is None:
        raise errors.OutOfDate("There is no proposed edit (any more).")
    store.accept_proposal(dossier.story.id, dossier.proposal.at, ACTOR)


def refuse_edit(store: Store, dossier: Dossier) -> None:
    store.drop_proposal(dossier.story.id, ACTOR)


def pause(store: Store, dossier: Dossier) -> None:
    store.pause(dossier.story.id, ACTOR)


def resume(store: Store, dossier: Dossier) -> bool:
    """End the pause. True when readers can find it again at once, else it waits for the reviewers."""
    return store.resume(dossier.story.id, ACTOR)


def withdraw(store: Store, opened: Dossier | Outcome) -> None:
    """Take the story back for ever: no reason, no waiting (PRACTICE R17). When it returns, nobody sees the story.

    The bytes go with the scrub, which `corpus.jobs` repeats until it is done when a reader is in the way.
    """
    if isinstance(opened, Outcome):
        store.forget_outcome(opened.id, ACTOR)
    else:
        store.withdraw(opened.story.id, ACTOR)
