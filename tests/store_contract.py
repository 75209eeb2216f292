"""What every store must do. A backend inherits `StoreContract` and gives a `store` and a `clock` fixture."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from corpus import errors
from corpus.store import Passage, Store
from corpus.types import Book, Part, PartText, Purpose, Span, State
from tests.conftest import Clock, approve, make_consent, make_group, make_story, publish, take_in

SCHEME = "toy/p1"


def vector(*values: float) -> np.ndarray:
    v = np.asarray(values, dtype=np.float32)
    return v / np.linalg.norm(v)


def passages() -> list[Passage]:
    return [Passage(None, vector(1, 0)), Passage(Span(part=Part.GOING_ON, start=0, end=6), vector(1, 1))]


def through(store: Store, ids: list[str], purpose: Purpose) -> set[str]:
    """Which of these pass the gate: with their words and without."""
    seen = set(store.visible(ids, purpose))
    assert store.passing(ids, purpose) == seen
    return seen


class StoreContract:
    # --- the gate ---

    def test_a_published_story_comes_back_word_for_word(self, store: Store) -> None:
        text = "  Tabs\tand\r\nodd “quotes”, 𝔞𝔰𝔱𝔯𝔞𝔩 ﷽ and a zero\u200bwidth. "
        story = make_story(parts=(PartText(part=Part.WHOLE, text=text),))
        publish(store, story)
        assert store.visible(["one"], Purpose.SURFACE)["one"].story == story
        assert store.visible(["one"], Purpose.SURFACE)["one"].story.text(Part.WHOLE) == text

    @pytest.mark.parametrize("state", [State.PENDING, State.HELD])
    def test_only_a_published_story_is_visible(self, store: Store, state: State) -> None:
        take_in(store, make_story(), state=state)
        assert through(store, ["one"], Purpose.SURFACE) == set()

    def test_each_purpose_is_its_own_switch(self, store: Store) -> None:
        publish(store, make_story(), make_consent(Purpose.SURFACE, Purpose.EVALUATE))
        allowed = {p for p in Purpose if through(store, ["one"], p)}
        assert allowed == {Purpose.SURFACE, Purpose.EVALUATE}

    def test_consent_ends_by_itself_at_the_very_moment(self, store: Store, clock: Clock) -> None:
        publish(store, make_story(), make_consent(days=1))
        clock.forward(days=1, seconds=-1)
        assert through(store, ["one"], Purpose.SURFACE)
        clock.forward(seconds=1)
        assert not through(store, ["one"], Purpose.SURFACE)

    def test_a_switch_turned_off_holds_at_once_and_a_renewal_too(self, store: Store, clock: Clock) -> None:
        publish(store, make_story())
        store.set_consent("one", make_consent(Purpose.EVALUATE), "test")
        assert not through(store, ["one"], Purpose.SURFACE)
        store.set_consent("one", make_consent(Purpose.SURFACE, now=clock()), "test")
        assert through(store, ["one"], Purpose.SURFACE)

    def test_ids_that_are_not_there_are_left_out(self, store: Store) -> None:
        publish(store, make_story())
        many = [f"no-{i}" for i in range(2000)]
        assert through(store, [*many, "one", "one"], Purpose.SURFACE) == {"one"}
        assert through(store, [], Purpose.SURFACE) == set()

    # --- moves, edits, leaving ---

    def test_an_id_is_used_once(self, store: Store) -> None:
        publish(store, make_story())
        with pytest.raises(errors.IllegalMove):
            publish(store, make_story())
        assert store.withdraw("one", "test")
        with pytest.raises(errors.IllegalMove):
            publish(store, make_story())

    def test_only_a_sample_is_shown_at_once(self, store: Store) -> None:
        with pytest.raises(errors.IllegalMove):
            store.add_sample(make_story(), make_consent(), "test")
        for state in (State.PUBLISHED, State.PAUSED):
            with pytest.raises(errors.IllegalMove):
                take_in(store, make_story(), state=state)
        with pytest.raises(errors.IllegalMove):
            take_in(store, make_story(provenance="sample"))
        assert store.summaries() == ()

    def test_an_edit_needs_the_revision_that_its_editor_saw(self, store: Store) -> None:
        seen = publish(store, make_story())
        newer = store.edit(make_story(title="Second"), seen, "test")
        with pytest.raises(errors.OutOfDate):
            store.edit(make_story(title="Third"), seen, "test")
        assert store.visible(["one"], Purpose.SURFACE) == {}  # other words: two people have to read them again
        approve(store, "one")
        assert store.visible(["one"], Purpose.SURFACE)["one"].story.title == "Second"
        assert store.visible(["one"], Purpose.SURFACE)["one"].text_revision == newer
        with pytest.raises(errors.NoSuchStory):
            store.edit(make_story("nobody"), 1, "test")

    def test_withdrawing_leaves_nothing_but_an_id(self, store: Store) -> None:
        seen = publish(store, make_story())
        store.put_passages("one", seen, SCHEME, passages())
        assert store.withdraw("one", "test")
        assert not store.withdraw("one", "test")
        assert store.visible(["one"], Purpose.SURFACE) == {}
        assert store.summaries() == ()
        assert store.departed() == {"one"}
        assert store.changes(0, SCHEME).stories == ()

    # --- revisions and changes ---

    def test_every_change_moves_the_revision(self, store: Store) -> None:
        steps = [
            lambda: publish(store, make_story()),
            lambda: store.edit(make_story(title="x"), store.dossier("one").text_revision, "test"),
            lambda: approve(store, "one"),
            lambda: store.put_passages("one", store.dossier("one").text_revision, SCHEME, passages()),
            lambda: store.pause("one", "test"),
            lambda: store.resume("one", "test"),
            lambda: store.set_consent("one", make_consent(Purpose.SURFACE, Purpose.QUOTE), "test"),
            lambda: store.put_group(make_group(), "test"),
            lambda: store.put_group_vectors(SCHEME, {"tea": (make_group(), vector(1, 0))}),
            lambda: store.withdraw_group("tea", "test"),
            lambda: store.withdraw("one", "test"),
        ]
        before = store.revision()
        assert before == 0
        for step in steps:
            step()
            assert store.revision() > before
            before = store.revision()

    def test_changes_tell_what_to_drop_and_what_to_add(self, store: Store) -> None:
        seen = publish(store, make_story())
        assert store.changes(0, SCHEME).gone == {"one"}  # published, and nobody has embedded it yet
        assert store.unembedded(SCHEME, 10) == ("one",)
        assert store.put_passages("one", seen, SCHEME, passages())
        changes = store.changes(0, SCHEME)
        assert changes.gone == frozenset()
        (one,) = changes.stories
        assert one.story_id == "one"
        assert one.parts == (None, Part.GOING_ON.value)
        assert (one.language, one.facts["themes"], one.terms) == ("en", list(make_story().themes), None)
        np.testing.assert_allclose(one.vectors, [[1, 0], [0.70710677, 0.70710677]], rtol=1e-6)
        assert one.vectors.dtype == np.float32
        spans = store.visible(["one"], Purpose.SURFACE)["one"].passages
        assert spans == {
            one.passage_ids[0]: None,
            one.passage_ids[1]: Span(part=Part.GOING_ON, start=0, end=6),
        }
        assert store.unembedded(SCHEME, 10) == ()
        assert store.changes(changes.revision, SCHEME).stories == ()

        store.edit(make_story(title="New"), seen, "test")
        approve(store, "one")
        after = store.changes(changes.revision, SCHEME)
        assert after.gone == {"one"}
        assert store.unembedded(SCHEME, 10) == ("one",)

    @pytest.mark.parametrize("leave", ["withdraw", "pause", "consent"])
    def test_changes_name_what_left(self, store: Store, leave: str) -> None:
        seen = publish(store, make_story())
        store.put_passages("one", seen, SCHEME, passages())
        since = store.revision()
        if leave == "withdraw":
            store.withdraw("one", "test")
        elif leave == "pause":
            store.pause("one", "test")
        else:
            store.set_consent("one", make_consent(Purpose.EVALUATE), "test")
        changes = store.changes(since, SCHEME)
        assert changes.gone == {"one"}
        assert changes.stories == ()

    def test_passage_ids_are_never_used_again(self, store: Store) -> None:
        seen = publish(store, make_story())
        store.put_passages("one", seen, SCHEME, passages())
        old = set(store.changes(0, SCHEME).stories[0].passage_ids)
        store.withdraw("one", "test")
        seen = publish(store, make_story("two"))
        store.put_passages("two", seen, SCHEME, passages())
        assert old.isdisjoint(store.changes(0, SCHEME).stories[0].passage_ids)

    def test_vectors_of_words_that_changed_are_not_kept(self, store: Store) -> None:
        seen = publish(store, make_story())
        store.edit(make_story(title="New"), seen, "test")
        assert not store.put_passages("one", seen, SCHEME, passages())
        store.withdraw("one", "test")
        assert not store.put_passages("one", seen, SCHEME, passages())
        assert store.changes(0, SCHEME).stories == ()

    def test_terms_are_kept_beside_the_whole_story_and_go_with_its_words(self, store: Store) -> None:
        seen = publish(store, make_story())
        first, *others = passages()
        store.put_passages("one", seen, SCHEME, [Passage(None, first.vector, b"as embedded"), *others])
        assert store.changes(0, SCHEME).stories[0].terms == b"as embedded"
        whole, revision = store.changes(0, SCHEME).stories[0].passage_ids[0], store.revision()
        store.put_terms({whole: b"later", 10_000: b"of nobody"})
        store.put_terms({})
        assert store.changes(0, SCHEME).stories[0].terms == b"later"
        assert store.revision() == revision
        store.edit(make_story(title="New"), seen, "test")
        store.put_terms({whole: b"of old words"})  # by one who read them before
        approve(store, "one")
        assert store.put_passages("one", store.visible(["one"], Purpose.SURFACE)["one"].text_revision, SCHEME, others)
        assert store.changes(0, SCHEME).stories[0].terms is None

    def test_titles_are_of_stories_that_pass_the_gate(self, store: Store) -> None:
        for id in ("one", "two", "three", "four"):
            publish(store, make_story(id, title=f"Of {id}"))
        store.pause("one", "test")
        store.set_consent("two", make_consent(Purpose.EVALUATE), "test")
        store.withdraw("three", "test")
        ids = ["one", "two", "three", "four", "nobody"]
        assert store.titles(ids, Purpose.SURFACE) == {"four": "Of four"}
        assert store.titles(ids, Purpose.EVALUATE) == {"two": "Of two"}
        assert store.titles([], Purpose.SURFACE) == {}

    def test_changes_hold_only_stories_that_pass_the_gate(self, store: Store) -> None:
        for id in ("one", "two", "three"):
            store.put_passages(id, publish(store, make_story(id)), SCHEME, passages())
        store.pause("one", "test")
        store.set_consent("two", make_consent(Purpose.EVALUATE), "test")
        assert [story.story_id for story in store.changes(0, SCHEME).stories] == ["three"]

    def test_schemes_do_not_mix(self, store: Store) -> None:
        seen = publish(store, make_story())
        store.put_passages("one", seen, SCHEME, passages())
        assert store.unembedded("other/p1", 10) == ("one",)
        store.put_passages("one", seen, "other/p1", passages()[:1])
        assert len(store.changes(0, SCHEME).stories[0].passage_ids) == 2
        assert len(store.changes(0, "other/p1").stories[0].passage_ids) == 1
        assert store.drop_other_schemes(SCHEME) == 1
        assert store.changes(0, "other/p1").stories == ()
        assert len(store.changes(0, SCHEME).stories[0].passage_ids) == 2

    # --- groups ---

    def test_group_changes_name_what_is_new_and_what_is_gone(self, store: Store) -> None:
        for id in ("tea", "walk", "hidden"):
            store.put_group(make_group(id, status="unlisted" if id == "hidden" else "active"), "test")
        first = store.group_changes(0)
        assert [group.id for group in first.groups] == ["tea", "walk"]
        assert first.gone == {"hidden"}
        assert first.revision == store.revision()
        nothing = store.group_changes(first.revision)
        assert (nothing.groups, nothing.gone) == ((), frozenset())
        store.put_group(make_group("tea", status="unlisted"), "test")
        store.put_group(make_group("walk", name="Long walk"), "test")
        store.withdraw_group("hidden", "test")
        then = store.group_changes(first.revision)
        assert [group.name for group in then.groups] == ["Long walk"]
        assert then.gone == {"tea", "hidden"}

    def test_an_unlisted_group_is_never_seen(self, store: Store) -> None:
        store.put_group(make_group(), "test")
        store.put_group(make_group("hidden", status="unlisted"), "test")
        assert set(store.visible_groups()) == {"tea"}
        assert set(store.visible_groups(["hidden", "tea"])) == {"tea"}
        (revision,) = store.group_revisions(["hidden", "tea", "nobody"]).values()
        store.put_group(make_group(name="Tea again"), "test")
        assert store.group_revisions(["tea"])["tea"] > revision
        assert store.unembedded_groups(SCHEME, 10) == ("tea",)

    def test_a_changed_group_loses_its_vector(self, store: Store) -> None:
        group = make_group()
        store.put_group(group, "test")
        assert store.put_group_vectors(SCHEME, {"tea": (group, vector(0, 1))}) == 1
        (one,) = store.changes(0, SCHEME).groups
        np.testing.assert_allclose(one.vector, [0, 1])
        before = store.revision()
        store.put_group(group, "test")  # the same again is no change
        assert store.revision() == before
        store.put_group(make_group(name="New"), "test")
        assert store.changes(before, SCHEME).groups_gone == {"tea"}
        assert store.put_group_vectors(SCHEME, {"tea": (group, vector(0, 1))}) == 0
        assert store.unembedded_groups(SCHEME, 10) == ("tea",)
        assert store.withdraw_group("tea", "test")
        assert not store.withdraw_group("tea", "test")
        assert store.visible_groups() == {}

    def test_a_group_whose_id_changed_goes_and_a_withdrawal_goes_along(self, store: Store) -> None:
        for id in ("a", "b", "new:b", "c"):
            store.put_group(make_group(id), "test")
        store.withdraw_group("b", "test")
        before = store.revision()
        assert store.move_groups({"a": "new:a", "b": "new:b", "never": "new:never"}, "test") == 2
        assert set(store.visible_groups()) == {"c"}
        assert store.departed() == {"b", "new:b"}  # what only changed its id may come under the new one
        assert store.changes(before, SCHEME).groups_gone == {"new:b"}
        after = store.revision()
        assert store.move_groups({"a": "new:a", "b": "new:b", "never": "new:never"}, "test") == 0
        assert store.revision() == after

    # --- the rest ---

    def test_the_audit_holds_ids_and_verbs_and_no_words(self, store: Store) -> None:
        publish(store, make_story())
        store.withdraw("one", "reviewer")
        lines = store.audit(10, Book.STORIES)
        assert [(e.number, e.verb, e.actor, e.subject) for e in lines] == [
            (5, "withdraw", "reviewer", "one"),
            (4, "publish", "ben", "one"),
            (3, "approve", "ben", "one"),
            (2, "approve", "ann", "one"),
            (1, "submit", "test", "one"),
        ]
        assert "quiet" not in repr(store.audit(100))

    def test_it_knows_whether_a_sample_can_be_seen(self, store: Store) -> None:
        publish(store, make_story())
        store.put_group(make_group(), "test")
        assert not store.shows_samples()
        publish(store, make_story("two", provenance="sample"))
        assert store.shows_samples()
        store.withdraw("two", "test")
        assert not store.shows_samples()
        store.put_group(make_group("three", provenance="sample"), "test")
        assert store.shows_samples()

    def test_notes(self, store: Store) -> None:
        assert store.note("k") is None
        store.set_note("k", "1")
        store.set_note("k", "2")
        assert store.note("k") == "2"

    def test_summaries_hold_no_words(self, store: Store) -> None:
        publish(store, make_story())
        (summary,) = store.summaries()
        assert summary.purposes == {Purpose.SURFACE}
        assert not summary.embedded
        assert "Title" not in repr(summary)
        assert "Sam" not in repr(summary)

    def test_many_threads_lose_nothing(self, store: Store) -> None:
        failures: list[BaseException] = []

        def work(n: int) -> None:
            try:
                for i in range(5):
                    id = f"s-{n}-{i}"
                    seen = publish(store, make_story(id))
                    store.put_passages(id, seen, SCHEME, passages())
                    assert id in store.visible([id], Purpose.SURFACE)
                    if i % 2:
                        store.withdraw(id, "test")
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        left = {f"s-{n}-{i}" for n in range(8) for i in (0, 2, 4)}
        assert {s.story_id for s in store.changes(0, SCHEME).stories} == left
        revisions = store.revision()
        assert revisions == 8 * (5 * 3 + 2)  # submitted, published, embedded; and two withdrawn
