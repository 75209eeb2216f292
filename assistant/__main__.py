"""python -m assistant chat | screen | evaluate-care | train-care | referrals"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from corpus.console import speak_utf8
from corpus.errors import SharedJourneyError
from corpus.jsonl import texts

if TYPE_CHECKING:
    from assistant.conversation import GroupCard, Reply, StoryCard, StoryView
    from assistant.turn import Turn


def main(arguments: list[str] | None = None) -> int:
    """Run a command. 0: done; 2: an error that was said in one line."""
    parser = argparse.ArgumentParser(prog="python -m assistant", description="Talk in a terminal, or screen messages.")
    commands = parser.add_subparsers(dest="command", required=True)
    chat = commands.add_parser("chat", help="the same conversation as on the page, in a terminal")
    chat.add_argument("--country", help="country of the help lines, such as GB")
    screening = commands.add_parser("screen", help="what care sees in messages, as JSON lines")
    screening.add_argument("text", nargs="?", help="one message")
    screening.add_argument("--jsonl", type=Path, help='a file with {"id", "text"} a line; - for standard input')
    screening.add_argument("--rules-only", action="store_true", help="without the trained heads and their model")
    measuring = commands.add_parser("evaluate-care", help="how well care notices danger, and calls out over nothing")
    measuring.add_argument("--lines", type=Path, nargs="*", help="files of lines; otherwise the voices kept apart")
    measuring.add_argument("--rules-only", action="store_true", help="without the trained heads and their model")
    measuring.add_argument("--json", action="store_true", help="as JSON")
    measuring.add_argument("--publish", action="store_true", help="write docs/care.md and what /safety shows")
    training = commands.add_parser("train-care", help="make the weights of the heads anew")
    for command in (measuring, training):
        command.add_argument("--posts", type=Path, help='forum posts: {"text", "severity"} a line')
        command.add_argument("--questions", type=Path, help='counselling questions: {"title", "text", "topic"} a line')
    referring = commands.add_parser("referrals", help="how often help lines were named in a year, to report to a state")
    referring.add_argument("--year", type=int, default=date.today().year, help="otherwise this one")
    referring.add_argument("--json", action="store_true", help="as JSON, in the shape of California's report")
    given = parser.parse_args(arguments)
    speak_utf8()
    try:
        if given.command == "chat":
            return _chat(given.country)
        if given.command in ("evaluate-care", "train-care"):
            from assistant.care import commands as care

            return care.evaluate(given) if given.command == "evaluate-care" else care.train(given)
        if given.command == "referrals":
            from assistant.care import commands as care

            return care.referrals(given)
        if (given.text is None) == (given.jsonl is None):
            screening.error("give either a text or --jsonl FILE")
        return _screen(given.text, given.jsonl, given.rules_only)
    except SharedJourneyError as error:
        print(error, file=sys.stderr)
        return 2
    except (BrokenPipeError, KeyboardInterrupt):
        return 0


# --- chat ---------------------------------------------------------------------------------------------------------


def _chat(country: str | None) -> int:
    from assistant.settings import Settings, open_parts
    from index.progress import progress_bar

    settings = Settings.read()
    with open_parts(settings, on_progress=progress_bar()) as parts:
        talk(parts.turn, country or settings.country or None, sys.stdin, sys.stdout)
    return 0


def talk(turn: Turn, country: str | None, source: Iterable[str], out: TextIO) -> None:
    """A conversation over lines of text. "read 2" shows a story whole; "quit" or the end of input ends it."""
    session, reply = turn.start("en", country)
    show(reply, out)
    print("(“read 2” shows the second story whole; “quit” ends. Nothing is kept.)", file=out)
    for line in source:
        message = line.strip()
        if message.lower() in ("quit", "exit", "bye"):
            break
        command, _, which = message.lower().partition(" ")
        if command == "read" and which.isdigit() and 1 <= int(which) <= len(session.last):
            show_story(turn.read(session, session.last[int(which) - 1]), out)
            continue
        session, reply = turn.respond(session, message)
        show(reply, out)


def show(reply: Reply, out: TextIO) -> None:
    """A reply as plain text, in the order of the page: help, lead, stories, groups, next steps."""
    lines: list[str] = [""]
    if reply.help:
        lines += [f"*** {reply.help.title} ***", *reply.help.lines]
        for door in reply.help.doors:
            facts = ", ".join(filter(None, (door.hours, door.note)))
            lines.append(f"  {door.name + ': ' if door.name else ''}{door.label}" + (f" ({facts})" if facts else ""))
        if any(door.kind == "list" for door in reply.help.doors):
            lines.append("  (start with --country and its two letters, such as GB, for the lines of a country)")
        lines += [reply.help.ask] if reply.help.ask else []
        lines += [f"  - {question} {answer}" for question, answer in reply.help.barriers]
        lines += [*reply.help.after, ""]
    lines += reply.lead
    for number, card in enumerate(reply.cards, 1):
        lines += _card_lines(number, card)
    for group in reply.groups:
        lines += _group_lines(group)
    hour = datetime.now().hour  # of the person's own clock: they sit before this machine
    if chips := [chip.label for chip in reply.chips if chip.at(hour)]:
        lines += ["", "[" + "] [".join(chips) + "]"]
    print("\n".join(lines), file=out)


def _card_lines(number: int, card: StoryCard) -> list[str]:
    start, end = card.excerpt.mark
    text = card.excerpt.text
    marked = f"{text[:start]}»{text[start:end]}«{text[end:]}"
    notes = [f"   Content: {', '.join(card.content_notes)}"] if card.content_notes else []
    return [
        "",
        *([f"[{card.heading}]"] if card.heading else []),
        f"{number}. {card.title}, by {card.narrator} ({card.origin}; {card.minutes} min)",
        *notes,
        f"   {card.excerpt.part_label}:",
        "   "
        + ("… " if card.excerpt.before else "")
        + marked.replace("\n", "\n   ")
        + (" …" if card.excerpt.after else ""),
        *(f"   - {reason}" for reason in card.why),
    ]


def _group_lines(group: GroupCard) -> list[str]:
    sample = " (sample, written for demonstration)" if group.sample else ""
    optional = (group.phone, group.link, group.emergency_calls)
    return [
        "",
        f"Group: {group.name}{sample}, {group.kind}",
        f"   {group.description}",
        f"   {'; '.join(group.when)}. {group.where}. {group.cost}",
        f"   How to join: {group.how_to_join}",
        *(f"   {fact}" for fact in optional if fact),
        *(f"   - {reason}" for reason in group.why),
        f"   Run by {group.run_by}; listed by {group.listed_by}, checked {group.checked_on or 'never'}.",
    ]


def show_story(view: StoryView | None, out: TextIO) -> None:
    from assistant.words import say

    if view is None:
        print(say("talk.gone"), file=out)
        return
    print(f"\n{view.title}\nby {view.narrator} ({view.origin})", file=out)
    if view.content_notes:
        print(f"Content: {', '.join(view.content_notes)}", file=out)
    for part in view.parts:
        print(f"\n{part.label}\n\n{part.text}", file=out)


# --- screen -------------------------------------------------------------------------------------------------------


def _screen(text: str | None, path: Path | None, rules_only: bool) -> int:
    from assistant.care.commands import reader

    screen = reader(rules_only)
    for id, message in [("0", text or "")] if path is None else texts(path):
        seen = screen(message)
        answer = {
            "id": id,
            "tier": seen.tier,
            "categories": list(seen.categories),
            "clinical": seen.clinical,
            "why": list(seen.why),
        }
        print(json.dumps(answer, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
