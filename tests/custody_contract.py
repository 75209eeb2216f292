"""What any store has to do about stories in a program's care. `tests/test_store.py` runs it for each backend."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from corpus import errors
from corpus.custody import CodeRow, Counted, Declined, Hindrance, Noticed, Role
from corpus.store import Store
from corpus.types import Book, Part, PartText, Purpose, State
from tests.conftest import START, Clock, approve, make_consent, make_story, publish, reviewers, take_in

CODE = CodeRow("apple-boat", "hash of four words")


def seen(store: Store, id: str = "one") -> bool:
    return id in store.visible([id], Purpose.SURFACE)


class CustodyContract:
    # --- publication ---

    def test_it_takes_two_people_and_the_same_one_twice_is_one(self, store: Store) -> None:
        ann, ben = reviewers(store)
        take_in(store, make_story())
        assert not store.approve("one", ann, 1, "good")
        assert not store.approve("one", ann, 1, "still good")
        assert store.waits_for("one") == (Hindrance.REVIEWERS,)
        assert not seen(store)
        assert store.approve("one", ben, 1, "yes")
        assert seen(store)
        dossier = store.dossier("one")
        assert dossier
        assert {(a.reviewer, a.reason) for a in dossier.standing} == {(ann, "still good"), (ben, "yes")}

    @pytest.mark.parametrize("who", ["rita", "nobody", "gone"])
    def test_only_a_living_account_that_may_review_decides(self, store: Store, who: str) -> None:
        reviewers(store)
        store.add_person("gone", Role.LEAD, "x", "test")
        store.remove_person("gone", "test")
        take_in(store, make_story())
        for verb in (
            lambda: store.approve("one", who, 1, "r"),
            lambda: store.ask("one", who, "q"),
            lambda: store.unpublish("one", who),
            lambda: store.decline("one", who, Declined.OTHER, "n"),
            lambda: store.propose(make_story(title="x"), who, 1, "n"),
            lambda: store.redact(make_story(title="x"), 1, who, "r", 1, 1),
        ):
            with pytest.raises(errors.NotAllowed):
                verb()
        assert store.dossier("one").story == make_story()  # type: ignore[union-attr]
        assert store.dossier("one").approvals == ()  # type: ignore[union-attr]

    def test_nothing_is_published_before_its_time_to_think_again_is_over(self, store: Store, clock: Clock) -> None:
        take_in(store, make_story(), cools_until=START + timedelta(hours=72))
        approve(store, "one")
        assert not seen(store)
        assert store.waits_for("one") == (Hindrance.COOLING,)
        clock.forward(hours=71, minutes=59)
        assert store.publish_due("job") == ()
        clock.forward(minutes=1)
        assert store.publish_due("job") == ("one",)
        assert seen(store)
        assert store.publish_due("job") == ()

    def test_a_question_and_an_edit_wait_for_the_narrator(self, store: Store) -> None:
        ann, _ = reviewers(store)
        take_in(store, make_story())
        number = store.ask("one", ann, "Is that his real name?")
        store.propose(make_story(title="Other"), ann, 1, "the title names somebody")
        approve(store, "one")
        assert store.waits_for("one") == (Hindrance.QUESTION, Hindrance.PROPOSAL)
        assert store.publish_due("job") == ()
        store.answer("one", number, "No.", "narrator")
        with pytest.raises(errors.OutOfDate):
            store.answer("one", number, "Yes.", "narrator")
        store.drop_proposal("one", "narrator")
        assert store.publish_due("job") == ("one",)
        assert store.dossier("one").story.title == "Title one"  # type: ignore[union-attr]
        assert store.dossier("one").questions[0].answer == "No."  # type: ignore[union-attr]

    def test_without_consent_nobody_reads_it_not_even_a_reviewer(self, store: Store, clock: Clock) -> None:
        take_in(store, make_story())
        assert store.for_review("one")
        store.set_consent("one", make_consent(Purpose.EVALUATE), "narrator")
        assert store.for_review("one") is None
        with pytest.raises(errors.NotReady):
            approve(store, "one")
        assert store.dossier("one")
        store.set_consent("one", make_consent(days=2), "narrator")
        approve(store, "one")
        assert seen(store)
        clock.forward(days=2)
        assert store.for_review("one") is None
        assert not seen(store)

    def test_a_held_story_waits_for_its_narrator(self, store: Store) -> None:
        reviewers(store)
        none = make_consent().model_copy(update={"purposes": frozenset()})
        take_in(store, make_story(), none, state=State.HELD, code=CODE)
        assert store.for_review("one") is None
        with pytest.raises(errors.IllegalMove):
            store.approve("one", "ann", 1, "r")
        store.set_consent("one", make_consent(Purpose.EVALUATE), "narrator")
        assert store.dossier("one").state is State.HELD  # type: ignore[union-attr]
        store.set_consent("one", make_consent(), "narrator")
        assert store.dossier("one").state is State.PENDING  # type: ignore[union-attr]
        approve(store, "one")
        assert seen(store)

    def test_the_time_to_think_again_of_a_held_story_begins_with_its_confirmation(
        self, store: Store, clock: Clock
    ) -> None:
        none = make_consent().model_copy(update={"purposes": frozenset()})
        take_in(store, make_story(), none, state=State.HELD, cools_until=START + timedelta(hours=72))
        clock.forward(days=30)
        store.set_consent("one", make_consent(now=clock()), "narrator")
        approve(store, "one")
        assert store.waits_for("one") == (Hindrance.COOLING,)
        clock.forward(hours=71)
        store.set_consent("one", make_consent(Purpose.SURFACE, Purpose.QUOTE, now=clock()), "narrator")
        assert store.publish_due("job") == ()
        clock.forward(hours=1)
        assert store.publish_due("job") == ("one",)

    # --- words change ---

    def test_an_accepted_edit_is_a_new_version_that_two_people_read_again(self, store: Store) -> None:
        publish(store, make_story())
        store.propose(make_story(title="Other"), "ann", 1, "note")
        assert seen(store)  # the old words stay until the narrator decides
        proposal = store.dossier("one").proposal  # type: ignore[union-attr]
        assert proposal
        with pytest.raises(errors.OutOfDate):
            store.accept_proposal("one", proposal.at - timedelta(seconds=1), "narrator")
        store.accept_proposal("one", proposal.at, "narrator")
        assert not seen(store)
        dossier = store.dossier("one")
        assert dossier
        assert (dossier.version, dossier.state, dossier.story.title) == (2, State.PENDING, "Other")
        assert dossier.proposal is None
        assert dossier.standing == ()
        with pytest.raises(errors.OutOfDate):
            store.approve("one", "ann", 1, "old words")
        approve(store, "one")
        assert store.visible(["one"], Purpose.SURFACE)["one"].story.title == "Other"

    def test_two_edits_of_one_story_the_second_is_told(self, store: Store) -> None:
        reviewers(store)
        revision = take_in(store, make_story())
        store.propose(make_story(title="A"), "ann", 1, "note")
        with pytest.raises(errors.OutOfDate):
            store.propose(make_story(title="B"), "ben", 1, "note")
        with pytest.raises(errors.IllegalMove):
            store.redact(make_story(title="[…]"), revision, "ben", "names", 1, 5)
        assert store.dossier("one").proposal.story.title == "A"  # type: ignore[union-attr]
        store.drop_proposal("one", "ann", "propose:taken-back")
        store.redact(make_story(title="[…]"), revision, "ben", "names", 1, 5)
        with pytest.raises(errors.OutOfDate):
            store.redact(make_story(title="[…] again"), revision, "ann", "names", 1, 5)
        with pytest.raises(errors.OutOfDate):
            store.propose(make_story(title="C"), "ann", 1, "note")

    def test_a_redaction_is_recorded_and_read_again_by_two(self, store: Store) -> None:
        revision = publish(store, make_story())
        store.redact(make_story(title="[…]"), revision, "ann", "a name", 1, 9)
        assert not seen(store)
        dossier = store.dossier("one")
        assert dossier
        (redaction,) = dossier.redactions
        assert (redaction.by, redaction.places, redaction.characters, redaction.version) == ("ann", 1, 9, 2)
        line = next(e for e in store.audit(10, Book.STORIES) if e.verb == "redact")
        assert line.counts == {"places": 1, "characters": 9}
        approve(store, "one")
        assert seen(store)

    # --- off the page ---

    def test_unpublishing_is_at_once_and_what_was_approved_counts_no_more(self, store: Store) -> None:
        publish(store, make_story())
        store.unpublish("one", "ann")
        assert not seen(store)
        assert store.publish_due("job") == ()
        assert not store.approve("one", "ann", 1, "again")
        assert store.approve("one", "ben", 1, "again")

    def test_only_the_narrator_ends_a_pause(self, store: Store) -> None:
        publish(store, make_story())
        store.pause("one", "narrator")
        assert not seen(store)
        with pytest.raises(errors.IllegalMove):
            store.approve("one", "ann", 1, "r")
        assert store.publish_due("job") == ()
        with pytest.raises(errors.IllegalMove):
            store.pause("one", "narrator")
        assert store.resume("one", "narrator")
        assert seen(store)
        store.pause("one", "narrator")
        store.unpublish("one", "ben")
        assert not store.resume("one", "narrator")
        assert store.waits_for("one") == (Hindrance.REVIEWERS,)
        with pytest.raises(errors.IllegalMove):
            store.resume("one", "narrator")

    def test_a_declined_story_is_deleted_and_its_code_still_answers_for_a_while(
        self, store: Store, clock: Clock
    ) -> None:
        reviewers(store)
        take_in(store, make_story(), code=CODE)
        store.decline("one", "ann", Declined.NOT_NOW, "We cannot look after it this month.")
        assert store.dossier("one") is None
        assert store.queue() == ()
        found = store.find_code("apple-boat")
        assert found
        assert found.outcome
        assert (found.hashed, found.outcome.reason) == (CODE.hashed, Declined.NOT_NOW)
        with pytest.raises(errors.CodeTaken):
            take_in(store, make_story("two"), code=CODE)
        clock.forward(days=90)
        assert store.find_code("apple-boat") is None
        store.expire("job")
        take_in(store, make_story("two"), code=CODE)
        store.decline("two", "ann", Declined.OTHER, "n")
        assert store.forget_outcome("two", "narrator")
        assert not store.forget_outcome("two", "narrator")
        assert store.find_code("apple-boat") is None

    def test_a_published_story_is_not_declined(self, store: Store) -> None:
        publish(store, make_story())
        with pytest.raises(errors.IllegalMove):
            store.decline("one", "ann", Declined.OTHER, "n")
        assert seen(store)

    def test_stories_leave_by_themselves_when_their_consent_ends(self, store: Store, clock: Clock) -> None:
        publish(store, make_story(), make_consent(days=10))
        publish(store, make_story("two"), make_consent(days=20))
        off = make_consent(days=10).model_copy(update={"purposes": frozenset()})
        take_in(store, make_story("three"))
        store.set_consent("three", off, "narrator")  # every switch off is no way to be kept for ever
        store.add_sample(make_story("sample", provenance="sample"), make_consent(days=1), "test")
        clock.forward(days=10, seconds=-1)
        assert store.expire("job") == ()
        clock.forward(seconds=1)
        assert store.expire("job") == ("one", "three")
        assert {s.id for s in store.summaries()} == {"two", "sample"}
        assert store.departed() == {"one", "three"}

    def test_a_renewal_moves_the_end(self, store: Store, clock: Clock) -> None:
        publish(store, make_story(), make_consent(days=10))
        clock.forward(days=9)
        store.set_consent("one", make_consent(days=365, now=clock()), "narrator")
        clock.forward(days=5)
        assert store.expire("job") == ()
        assert seen(store)
        verbs = [(e.verb, e.purpose) for e in store.audit(20, Book.STORIES)]
        assert ("renew", None) in verbs
        store.set_consent("one", make_consent(Purpose.SURFACE, Purpose.SHARE, days=365, now=clock()), "narrator")
        assert ("consent:given", "share") in [(e.verb, e.purpose) for e in store.audit(20, Book.STORIES)]

    # --- codes ---

    def test_a_code_is_one_storys_and_cannot_be_replaced(self, store: Store) -> None:
        take_in(store, make_story(), code=CODE)
        take_in(store, make_story("two"))
        with pytest.raises(errors.CodeTaken):
            take_in(store, make_story("three"), code=CODE)
        assert store.dossier("three") is None
        with pytest.raises(errors.CodeTaken):
            store.set_code("two", CODE, "test")
        with pytest.raises(errors.IllegalMove):
            store.set_code("one", CodeRow("cloud-door", "h"), "test")
        store.set_code("two", CodeRow("cloud-door", "h"), "test")
        assert store.find_code("cloud-door").id == "two"  # type: ignore[union-attr]
        assert store.find_code("nothing-here") is None
        store.withdraw("one", "narrator")
        assert store.find_code("apple-boat") is None

    # --- lists ---

    def test_the_queue_holds_no_words(self, store: Store) -> None:
        take_in(store, make_story())
        store.add_sample(make_story("sample", provenance="sample"), make_consent(), "test")
        reviewers(store)
        store.approve("one", "ann", 1, "r")
        (row,) = store.queue()
        assert (row.id, row.state, row.approved_by, row.asks_narrator) == ("one", State.PENDING, ("ann",), False)
        assert row.words == make_story().words
        for word in ("Title", "Sam", "cat", "quiet"):
            assert word not in repr(row)
        store.ask("one", "ben", "who?")
        assert store.queue()[0].asks_narrator

    # --- the audit ---

    def test_the_books_are_chains(self, store: Store) -> None:
        publish(store, make_story())
        store.tell("desk", "sign-in:failed")
        stories, house = store.verify_audit()
        assert (stories.book, stories.lines, stories.faults) == (Book.STORIES, 4, ())
        assert (house.lines, house.faults) == (len(store.audit(100, Book.HOUSE)), ())
        assert store.had_head(stories.head)
        assert not store.had_head("0" * 64)

    # --- people ---

    def test_a_name_is_one_persons_for_ever(self, store: Store) -> None:
        store.add_person("ann", Role.REVIEWER, "x", "test")
        store.remove_person("ann", "test")
        with pytest.raises(errors.NotAllowed):
            store.add_person("ann", Role.LEAD, "x", "test")
        for verb in (
            lambda: store.set_role("nobody", Role.LEAD, "t"),
            lambda: store.set_password("nobody", "x", "t"),
            lambda: store.remove_person("nobody", "t"),
        ):
            with pytest.raises(errors.NotAllowed):
                verb()
        assert store.person("ann").disabled  # type: ignore[union-attr]

    def test_sessions_end_by_time_by_rest_by_sign_out_and_with_the_account(self, store: Store, clock: Clock) -> None:
        reviewers(store)
        idle = timedelta(minutes=30)

        def sign_in(token: str) -> None:
            store.open_session("ann", token, "form", clock() + timedelta(hours=12))

        sign_in("a")
        assert store.session("a", idle).role is Role.REVIEWER  # type: ignore[union-attr]
        clock.forward(minutes=29)
        assert store.session("a", idle)
        clock.forward(minutes=29)
        assert store.session("a", idle)  # its use was noted
        clock.forward(minutes=30)
        assert store.session("a", idle) is None
        sign_in("b")
        for _ in range(30):
            clock.forward(minutes=25)
            store.session("b", idle)
        assert store.session("b", idle) is None  # twelve hours are over however much it is used
        sign_in("c")
        store.close_session("c")
        assert store.session("c", idle) is None
        for change in (
            lambda: store.set_role("ann", Role.LEAD, "t"),
            lambda: store.set_password("ann", "y", "t"),
            lambda: store.remove_person("ann", "t"),
        ):
            sign_in("d")
            change()
            assert store.session("d", idle) is None

    def test_devices_are_one_accounts_and_few(self, store: Store, clock: Clock) -> None:
        reviewers(store)
        for n in range(12):
            store.remember_device("ann", f"d{n}")
            clock.forward(seconds=1)
        assert store.knows_device("ann", "d11")
        assert not store.knows_device("ben", "d11")
        assert not store.knows_device("ann", "d1")
        store.set_password("ann", "y", "t")
        assert not store.knows_device("ann", "d11")

    # --- counts ---

    def test_counts_below_the_floor_are_not_told(self, store: Store, clock: Clock) -> None:
        publish(store, make_story())
        publish(store, make_story("two"))
        store.count({("one", Counted.SHOWN): 4, ("gone", Counted.SHOWN): 9})
        assert store.usage()["one"].shown is None
        assert "gone" not in store.usage()
        clock.forward(days=7)
        store.count({("one", Counted.SHOWN): 1, ("one", Counted.READ): 5})
        usage = store.usage()["one"]
        assert (usage.shown, usage.read, usage.less_alone) == (5, 5, None)
        assert store.settle_counts() == 1
        assert store.settle_counts() == 0
        assert store.usage()["one"] == usage
        assert store.never_shown() == {"two"}

    def test_what_was_felt_may_be_taken_back_and_never_falls_below_nothing(self, store: Store, clock: Clock) -> None:
        publish(store, make_story())
        heavier, same = ("one", Counted.HEAVIER), ("one", Counted.NO_CHANGE)
        store.count({heavier: 7})
        store.count({heavier: -1, same: 5})
        assert (store.usage()["one"].heavier, store.usage()["one"].no_change) == (6, 5)
        clock.forward(days=7)
        store.count({heavier: 1})
        store.settle_counts()
        store.count({heavier: -2})  # one of this week, one of before
        assert store.usage()["one"].heavier == 5
        store.count({heavier: -9, ("gone", Counted.HEAVIER): -1})
        assert store.usage()["one"].heavier is None
        store.count({heavier: 5})
        assert store.usage()["one"].heavier == 5, "what was taken back beyond nothing is not owed"

    def test_missing_themes_are_counted_by_week_above_the_floor(self, store: Store, clock: Clock) -> None:
        for _ in range(5):
            store.count_missing("gambling")
        for _ in range(4):
            store.count_missing("grief")
        assert [(theme, n) for _, theme, n in store.missing()] == [("gambling", 5)]
        assert store.settle_counts() == 0  # the week is not over
        clock.forward(days=7)
        assert store.settle_counts() == 1
        assert store.missing()[0][0] == "2026-W44"

    def test_care_is_counted_by_week_and_what_is_rare_loses_its_week(self, store: Store, clock: Clock) -> None:
        store.count_care({Noticed.CRISIS: 5, Noticed.EMERGENCY: 2})
        store.count_care({Noticed.CRISIS: 1, Noticed.REFERRAL: 7})
        told = (("2026-W44", Noticed.CRISIS, 6), ("2026-W44", Noticed.REFERRAL, 7))
        assert store.care() == told
        assert store.settle_counts() == 0  # the week is not over
        clock.forward(days=7)
        store.count_care({Noticed.EMERGENCY: 4})
        assert store.settle_counts() == 1
        assert store.settle_counts() == 0
        clock.forward(days=7)
        store.count_care({Noticed.REFERRAL: 9})
        assert store.settle_counts() == 1
        assert store.care() == (("2026-W46", Noticed.REFERRAL, 9), *told)
        sums = store.care_in(2026)
        assert sums[Noticed.EMERGENCY] == 6  # the sum of the weeks that are told of no more
        assert sums[Noticed.REFERRAL] == 16
        assert sums[Noticed.DOOR_CALL] == 0
        assert set(store.care_in(2025).values()) == {0}

    def test_two_reviewers_at_the_same_moment_publish_once(self, store: Store) -> None:
        reviewers(store)
        for n in range(6):
            take_in(store, make_story(f"s{n}"))
        done: list[tuple[str, bool]] = []

        def work(who: str) -> None:
            done.extend((f"s{n}", store.approve(f"s{n}", who, 1, "r")) for n in range(6))

        threads = [threading.Thread(target=work, args=(who,)) for who in ("ann", "ben")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(id for id, published in done if published) == [f"s{n}" for n in range(6)]
        assert sum(e.verb == "publish" for e in store.audit(100, Book.STORIES)) == 6

    @pytest.mark.parametrize(
        "verb", ["withdraw", "decline", "expire", "redact", "edit", "refuse", "accept", "forget_outcome"]
    )
    def test_whatever_deletes_words_owes_a_scrub(self, store: Store, clock: Clock, verb: str) -> None:
        reviewers(store)
        revision = take_in(store, make_story(), code=CODE)
        if verb in ("refuse", "accept"):
            store.propose(make_story(title="x"), "ann", 1, "n")
        if verb == "forget_outcome":
            store.decline("one", "ann", Declined.OTHER, "n")
        store.scrub()
        assert not store.scrub_is_due()
        match verb:
            case "withdraw":
                store.withdraw("one", "narrator")
            case "decline":
                store.decline("one", "ann", Declined.OTHER, "n")
            case "expire":
                clock.forward(days=400)
                store.expire("job")
            case "redact":
                store.redact(make_story(title="[…]"), revision, "ann", "r", 1, 1)
            case "edit":
                store.edit(make_story(title="x"), revision, "test")
            case "refuse":
                store.drop_proposal("one", "narrator")
            case "accept":
                store.accept_proposal("one", store.dossier("one").proposal.at, "narrator")  # type: ignore[union-attr]
            case "forget_outcome":
                store.forget_outcome("one", "narrator")
        assert store.scrub_is_due()
        store.scrub()
        assert not store.scrub_is_due()

    def test_every_row_of_a_story_goes_with_it(self, store: Store) -> None:
        words = "a sentence that nobody else would ever have written down"
        story = make_story(parts=(PartText(part=Part.WHOLE, text=words),))
        revision = take_in(store, story, code=CODE)
        reviewers(store)
        store.approve("one", "ann", 1, words)
        store.ask("one", "ann", words)
        store.answer("one", 1, words, "narrator")
        store.redact(story, revision, "ann", words, 1, 1)
        store.propose(make_story(title=words), "ann", 2, words)
        store.count({("one", Counted.SHOWN): 1})
        assert store.withdraw("one", "narrator")
        assert store.dossier("one") is None
        assert store.usage() == {}
        assert store.find_code(CODE.locator) is None
        assert words not in repr(store.audit(100))
