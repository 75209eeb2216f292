"""Whole ways by what a screen reader is told, and nothing else: Chromium's accessibility tree and the keyboard.

Everything is found by role and name in the tree and acted on through the node that stands there. So a control without
a name, one that is not in the tree, or an answer that the live region does not say, ends these walks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from browser import collection, screens
from browser.conftest import Visit
from browser.screens import House

# What can be pressed, chosen or written in. Chromium calls the summary of a <details> a DisclosureTriangle.
CONTROLS = frozenset(
    (
        "button",
        "link",
        "textbox",
        "searchbox",
        "combobox",
        "checkbox",
        "radio",
        "switch",
        "DisclosureTriangle",
        "slider",
    )
)
PATIENCE = 30.0  # seconds
STORY = screens.FOR_REVIEW[390]


@dataclass(frozen=True)
class Node:
    """One thing in the tree: what a screen reader says of it, and the number by which the browser knows it."""

    id: str
    role: str
    name: str
    facts: dict[str, Any]
    parent: str
    children: tuple[str, ...]
    number: int


class Tree:
    """The page as a screen reader meets it."""

    def __init__(self, page: Any) -> None:
        self._tools = page.context.new_cdp_session(page)
        for domain in ("DOM", "Accessibility"):
            self._tools.send(f"{domain}.enable")

    def nodes(self) -> dict[str, Node]:
        """Everything that is told. What has no role is not told itself, but may hold what is. A control that has no name
        ends the walk."""
        found = {}
        for raw in self._tools.send("Accessibility.getFullAXTree")["nodes"]:
            node = Node(
                raw["nodeId"], "" if raw.get("ignored") else raw["role"]["value"], str(raw.get("name", {}).get("value", "")).strip(),
                {one["name"]: one["value"].get("value") for one in raw.get("properties", ())},
                raw.get("parentId", ""), tuple(raw.get("childIds", ())), raw.get("backendDOMNodeId", 0),
            )  # fmt: skip
            assert node.name or node.role not in CONTROLS, f"a {node.role} without a name: {self._markup(node)}"
            found[node.id] = node
        return found

    def _markup(self, node: Node) -> str:
        return str(self._tools.send("DOM.getOuterHTML", {"backendNodeId": node.number})["outerHTML"])[:200]

    def all(self, role: str, name: str = "") -> list[Node]:
        """Every node of this role (or one of several, "textbox|combobox") whose whole name fits the pattern; "" is any."""
        fits = re.compile(name or ".*", re.S)
        return [node for node in self.nodes().values() if node.role in role.split("|") and fits.fullmatch(node.name)]

    def wait(self, role: str, name: str = "", enough: Callable[[list[Node]], bool] = bool) -> list[Node]:
        """What is in the tree as soon as it is there."""
        until = time.monotonic() + PATIENCE
        while not enough(found := self.all(role, name)):
            if time.monotonic() > until:
                told = sorted({f"{node.role}: {node.name[:60]}" for node in self.nodes().values() if node.name})
                raise AssertionError(f"no {role} named {name!r}; the tree has {told}")
            time.sleep(0.05)
        return found

    def key(self, key: str, code: int) -> None:
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            event = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, **text}
            self._tools.send("Input.dispatchKeyEvent", event)

    def focus(self, node: Node) -> None:
        self._tools.send("DOM.focus", {"backendNodeId": node.number})

    def press(self, role: str, name: str, nth: int = 0) -> None:
        """Give it the focus and press Enter."""
        self.focus(self.wait(role, name)[nth])
        self.key("Enter", 13)

    def write(self, name: str, text: str) -> None:
        self.focus(self.wait("textbox|combobox", name)[0])
        self._tools.send("Input.insertText", {"text": text})

    def inside(self, node: Node) -> str:
        """The texts below a node, as they are read."""
        nodes = self.nodes()

        def texts(id: str) -> Iterator[str]:
            at = nodes.get(id)
            if at and at.role == "StaticText":
                yield at.name
            for child in at.children if at else ():
                yield from texts(child)

        return " ".join(texts(node.id))

    def said(self) -> str:
        """What the polite live regions hold now."""
        polite = [node for node in self.all("status") if node.facts.get("live") == "polite"]
        assert polite, "no live region in the tree"
        return " ".join(filter(None, (self.inside(node) for node in polite)))

    def hear(self, known: str) -> str:
        """The next thing that a live region says after `known` and after that it is looking."""
        until = time.monotonic() + PATIENCE
        while (now := self.said()) in ("", known) or now.startswith("Looking"):
            assert time.monotonic() < until, f"nothing more is said than {now!r}"
            time.sleep(0.05)
        return now

    def read(self, text: str) -> None:
        """This text is told, or comes to be."""
        self.wait("StaticText", f".*{re.escape(text)}.*")

    def focused(self) -> Node:
        return [node for node in self.nodes().values() if node.facts.get("focused") and node.role != "RootWebArea"][-1]

    def within(self, node: Node, role: str) -> str:
        """The name of the nearest node of this role around another."""
        nodes = self.nodes()
        while node.parent in nodes:
            node = nodes[node.parent]
            if node.role == role:
                return node.name
        return ""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with screens.house(tmp_path_factory.mktemp("tree")) as house:
        yield house


@pytest.fixture
def one(chromium: Any, at: House) -> Iterator[Visit]:
    visit = Visit(chromium, at.address)
    yield visit
    visit.context.close()


def arrive(one: Visit, path: str = "/") -> Tree:
    one.page.goto(one.address + path)
    return Tree(one.page)


def open_talk(one: Visit) -> Tree:
    tree = arrive(one)
    tree.wait("button", "Just listen")
    tree.wait("textbox", re.escape("What is going on?"), lambda found: len(found) == 1)
    return tree


def test_a_first_visit(one: Visit) -> None:
    tree = open_talk(one)
    assert [node.name for node in tree.all("heading") if node.facts.get("level") == 1] == ["Shared Journey"]
    tree.read("This is a computer program, not a person.")
    tree.press("DisclosureTriangle", "What this is and what it keeps")
    tree.read("Nobody is watching this page.")
    tree.press("DisclosureTriangle", "What this is and what it keeps")

    before = tree.said()
    tree.write(re.escape("What is going on?"), screens.talking.SHARE)
    tree.press("button", "Send")
    notice = tree.hear(before)
    assert "story" in notice.lower() or "stories" in notice.lower(), notice
    tree.wait("heading", "Answer")
    assert tree.focused().role != "body"

    button = tree.wait("button", "Read the whole story.*")[0]
    tree.press("button", re.escape(button.name))
    assert tree.hear(notice) != notice, "that the story is open is said"
    assert tree.focused().name == button.name.partition(": ")[2], "the story's heading"
    tree.press("button", "Back to the conversation")
    tree.wait("textbox", re.escape("What is going on?"))
    assert tree.focused().name == button.name, "back where the story was opened"

    line = tree.wait("link", "Emergency: 999")[0]
    assert tree.within(line, "navigation") == "Help right now"
    tree.press("DisclosureTriangle", "More.*")
    with one.context.expect_page() as opened:
        tree.press("link", "Help lines in every country.*")
    assert Tree(opened.value).wait("heading", ".*[Hh]elp.*")


def test_a_story_is_shared_and_taken_back(one: Visit) -> None:
    tree = open_talk(one)
    tree.press("link", "Share your own story")
    tree.press("button", "Begin")
    tree.write("What was going on", "We lost the dog and then the flat.")
    tree.press("button", "Go on")
    tree.write("Title.*", "The flat")
    for _ in range(3):
        before = tree.wait("heading")[0].name
        tree.press("button", "Go on")
        tree.wait("heading", "", lambda found, before=before: bool(found) and found[0].name != before)
    tree.press("button", "Send my story")
    tree.wait("heading", "Your story has arrived")
    told = [tree.inside(item) for item in tree.all("listitem")]
    words = [text.split()[-1] for text in told if re.fullmatch(r"(\d\W*)?[a-z]+", text.strip())]
    assert len(words) == 6, told

    tree.press("link", "See my story.*")
    tree.write("Your six words", " ".join(words))
    tree.press("button", "Take my story back")
    tree.press("button", "Take it back now")
    tree.wait("heading", "Your story has been taken back")


def test_a_story_is_reviewed(one: Visit, at: House) -> None:
    tree = arrive(one, "/desk/sign-in")
    tree.write("Name of the account", "ines")
    tree.write("Password", collection.PASSWORD)
    tree.press("button", "Sign in")
    tree.press("link", STORY)
    tree.wait("heading", "Approve")
    if not tree.all("textbox|combobox", "Reason"):
        tree.press("DisclosureTriangle", "Approve.*")
    tree.write("Reason", "Reads as it was meant.")
    tree.press("button", "Approve these words")
    tree.read("Your approval is kept.")
    dossier = at.store.dossier(STORY)
    assert dossier is not None
    assert [each.reviewer for each in dossier.approvals] == ["ines"]
