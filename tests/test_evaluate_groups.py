"""Measuring what groups are suggested: choices as they were ticked, figures in the form of the others."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from index.embed import WordEmbedder
from index.evaluation import groups
from index.evaluation.command import GROUPS, add
from index.evaluation.report import fallen, kept, markdown


def test_choices_are_those_that_were_ticked() -> None:
    facts = {
        "choices": {
            "attendance": ["hybrid", "phone"], "near": "Leeds", "time": "evening", "days": ["MO"], "free": True,
            "languages": ["pt-BR"], "audience": ["carer"], "kind": "warmline", "openness": "closed",
        }
    }  # fmt: skip
    choice = groups.choice_of(facts)
    assert choice.ways == {"in_person", "online", "phone"}
    assert (choice.times, choice.days, choice.free) == ({"evening"}, {"MO"}, True)
    assert (choice.languages, choice.audience) == ({"pt"}, {"carer"})
    assert (choice.kinds, choice.openness) == ({"warmline"}, {"closed"})
    assert groups.choice_of({}) == groups.Choice()


def test_the_labelled_needs_are_measured_and_a_fall_is_said() -> None:
    record = groups.evaluate(WordEmbedder())
    assert record["n_docs"] >= 80
    assert record["n_queries"] >= 60
    assert set(record["pipelines"]) == set(groups.WAYS)
    assert {"a", "b"} == set(record["voices"])
    assert sum(record["shown"].values()) == pytest.approx(1, abs=0.01)
    assert "## groups" in markdown(record)
    assert "By writer" in markdown(record)
    assert fallen(record, json.loads(json.dumps(kept(record)))) == ()
    worse = json.loads(json.dumps(kept(record)))
    worse["pipelines"][groups.DEFAULT]["ndcg@10"]["lo"] = 1.0
    assert len(fallen(record, worse)) == 1


def test_choosing_brings_what_was_chosen() -> None:
    """With the same words, a conversation with choices is better than one without."""
    needs = groups.labelled()
    chose = [q for q in needs.queries if q.facts.get("choices")]
    record = groups.evaluate(WordEmbedder(), replace(needs, queries=tuple(chose)))
    (unchosen,) = (compared for compared in record["comparisons"] if compared["b"] == "unchosen")
    assert unchosen["difference"]["lo"] > 0


def test_the_command_takes_the_word() -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add(parser.add_subparsers(dest="command"))
    assert parser.parse_args(["evaluate", GROUPS]).folder == "groups"
