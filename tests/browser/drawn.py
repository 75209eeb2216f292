"""What drew a picture of a page, as two short fingerprints that are the same on every machine.

Pixels are not: another font, another version of the browser or another day gives others. What this project decides about a
look is which words and parts stand there, in which order, and which rules of its style sheets hold for them. A
changed colour, space, heading or template changes one of the two; a font that is not installed changes neither.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from browser.test_golden_trees import MOVES

# Beside those: what is drawn by chance or by the model, and not by the page.
CHANCE = (*MOVES, (r"\bs-[0-9a-f]{12}\b", "ID"), (r"\b[0-9a-f]{8,}…?", "HASH"), (r"\b\d?\d:\d\d(?::\d\d)?\b", "TIME"))

LOOK = """() => {
    const seen = e => e.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true});
    const all = [...document.querySelectorAll('html, html *')].filter(e => seen(e));
    const shown = new Set(all);
    // Which words a code is made of is chance; which story or group answers is the model's and its turn's.
    const chance = '.sj-code li, .sj-receipt, .sj-turn [data-story], .sj-turn .sj-group';
    const parts = [];
    for (const e of all) {
        if (!document.body.contains(e) || e.parentElement.closest(chance)) continue;
        const own = e.matches(chance) ? '' : [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join(' ');
        const names = [...e.classList].filter(c => c.startsWith('sj-')).sort();
        const state = ['open', 'checked', 'disabled'].filter(s => e[s] === true);
        parts.push([e.localName, ...names, ...state].join('.') + ' ' + own.replace(/\\s+/g, ' ').trim());
    }
    const rules = [];
    const holds = selector => {
        // States of a pointer or of the keyboard are in no picture; a pseudo-element is drawn by what it belongs to.
        if (/:(hover|active|focus|target|visited)/.test(selector)) return false;
        const bare = selector.replace(/::[\\w-]+(\\([^)]*\\))?/g, '').replace(/(^|[\\s>+~,(])(?=$|[\\s>+~,)])/g, '$1*');
        try { return [...document.querySelectorAll(bare)].some(e => shown.has(e)); } catch { return true; }
    };
    const walk = (list, within) => {
        for (const rule of list) {
            if (rule instanceof CSSStyleRule) { if (holds(rule.selectorText)) rules.push(within + rule.cssText); }
            else if (rule instanceof CSSMediaRule) { if (matchMedia(rule.conditionText).matches) walk(rule.cssRules, within); }
            else if (rule instanceof CSSSupportsRule) { if (CSS.supports(rule.conditionText)) walk(rule.cssRules, within); }
            else if (rule instanceof CSSContainerRule) walk(rule.cssRules, within + rule.conditionText + ' ');
        }
    };
    for (const sheet of document.styleSheets) if ((sheet.href || '').includes('/own/')) walk(sheet.cssRules, '');
    return {parts, rules};
}"""


def drawn(page: Any) -> dict[str, str]:
    """`parts`: the words and parts that can be seen on the whole page, in order. `rules`: those of our sheets that hold."""
    found: dict[str, list[str]] = page.evaluate(LOOK)
    assert found["parts"]
    assert found["rules"], "no style sheet of ours has come"
    return {what: of("\n".join(lines)) for what, lines in found.items()}


def of(text: str) -> str:
    for what, instead in CHANCE:
        text = re.sub(what, instead, text)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def of_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


class Kept:
    """The fingerprints beside the pictures in a folder: `made-from.json`, a line for each picture."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "made-from.json"

    def all(self) -> dict[str, dict[str, str]]:
        kept: dict[str, dict[str, str]] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return kept

    def put(self, name: str, values: dict[str, str]) -> None:
        every = {**self.all(), name: values}
        lines = [f"{json.dumps(name)}: {json.dumps(every[name])}" for name in sorted(every)]
        self.path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
