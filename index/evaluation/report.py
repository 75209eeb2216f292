"""The figures of an evaluation for people: Markdown, one HTML page with plots, and whether the default fell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

_MEASURES = ("ndcg@10", "recall@10", "mrr@10", "p@1", "p@3", "judged@10")


def fallen(record: dict[str, Any], published: dict[str, Any]) -> tuple[str, ...]:
    """For each measure in which the default is below the interval that was published for it, a plain sentence."""
    name = record["default"]
    now, then = record["pipelines"][name], published["pipelines"][name]
    return tuple(
        f"{record['task']}: {measure} of {name} is {now[measure]['mean']:.3f}, below its published interval "
        f"[{then[measure]['lo']:.3f}, {then[measure]['hi']:.3f}]"
        for measure in _MEASURES
        if measure != "judged@10" and measure in then and now[measure]["mean"] < then[measure]["lo"]
    )


def kept(record: dict[str, Any]) -> dict[str, Any]:
    """What is published of a record: all but the values of single queries."""
    return {key: value for key, value in record.items() if key != "per_query"}


# --- Markdown
# ----------------------------------------------------------------------------------------------------------


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return _row(head) + _row(["---"] * len(head)) + "".join(_row(row) for row in rows) + "\n"


def _mean(value: dict[str, float], digits: int = 3) -> str:
    return f"{value['mean']:.{digits}f} [{value['lo']:.{digits}f}, {value['hi']:.{digits}f}]"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def markdown(record: dict[str, Any], level: int = 2) -> str:
    """All figures of one task. Means stand with their 95 % intervals."""
    head = "#" * level
    text = f"{head} {record['task']}\n\n"
    text += f"{record['n_queries']} queries with an answer, {record['n_without_an_answer']} judged to have none, "
    text += f"{record['n_docs']} documents; {record['model']}; default: `{record['default']}`.\n\n"
    if record.get("left_out"):
        text += f"Left out because they leak: {len(record['left_out'])} places.\n\n"
    text += _table(
        ["pipeline", "nDCG@10", "Recall@10", "MRR@10", "P@1", "P@3", "Judged@10", "CPU ms a query"],
        [
            [
                f"**`{name}`**" if name == record["default"] else f"`{name}`",
                _mean(figures["ndcg@10"]),
                *(f"{figures[measure]['mean']:.3f}" for measure in _MEASURES[1:]),
                figures["cpu_ms_per_query"],
            ]
            for name, figures in record["pipelines"].items()
        ],
    )
    if record["comparisons"]:
        text += _table(
            ["nDCG@10", "difference", "p (paired randomisation)"],
            [
                [f"`{c['a']}` − `{c['b']}`", _mean(c["difference"]), f"{c['p']:.4f}" if c["p"] > 0.0001 else "≤ 0.0001"]
                for c in record["comparisons"]
            ],
        )
    if record["exposure"]:
        text += _exposure(record)
    for part in (_kinds, _honesty, _shown, _variety, _turns, _talk, _groups, _voices):
        text += part(record, head)
    return text


def _exposure(record: dict[str, Any]) -> str:
    return _table(
        ["exposure in the first three", "Gini", "never shown", "the most shown stands in"],
        [
            [f"`{name}`", f"{e['gini']:.3f}", _share(e["never_shown"]), _most_shown(e)]
            for name, e in record["exposure"].items()
        ],
    )


def _voices(record: dict[str, Any], head: str) -> str:
    """Where two wrote."""
    if not record.get("voices"):
        return ""
    rows = [[f"`{voice}`", v["queries"], _mean(v["ndcg@10"])] for voice, v in record["voices"].items()]
    return f"{head}# By writer\n\n" + _table(["writer", "queries", "nDCG@10"], rows)


def _kinds(record: dict[str, Any], head: str) -> str:
    if not record.get("kinds"):
        return ""
    rows = [[kind, k["queries"], _mean(k["ndcg@10"])] for kind, k in record["kinds"].items()]
    return f"{head}# By kind of message\n\n" + _table(["kind", "queries", "nDCG@10"], rows)


def _honesty(record: dict[str, Any], head: str) -> str:
    if not (h := record.get("honesty")):
        return ""
    return (
        f"{head}# Honest emptiness\n\n"
        f"Floor {record['floor']}. “Nothing close” was said of {_share(h['recall'])} of the {h['without_an_answer']} "
        f"messages that no story answers, and of {_share(h['withheld'])} of the {h['answerable']} that a story answers "
        f"well. When it was said, it was true in {_share(h['precision'])}.\n\n"
    )


def _shown(record: dict[str, Any], head: str) -> str:
    if not record.get("shown"):
        return ""
    rows = [[grade, _share(share)] for grade, share in record["shown"].items()]
    return f"{head}# What was shown, by grade\n\n" + _table(["grade", "share of those shown"], rows)


def _variety(record: dict[str, Any], head: str) -> str:
    if not (v := record.get("variety")):
        return ""
    return (
        f"{head}# Variety and hope\n\n"
        f"Of {v['sets']} sets shown, a set holds {v['themes']:.2f} themes, {v['stages']:.2f} stages and "
        f"{v['pathways']:.2f} pathways; {_share(v['with_hope'])} hold hope (a narrator's 4 or 5) and "
        f"{_share(v['with_struggle'])} honest struggle.\n\n"
    )


def _turns(record: dict[str, Any], head: str) -> str:
    if not (curve := record.get("turns")):
        return ""
    rows = [
        [
            _width(point),
            f"{point['ndcg@10']:.4f}",
            f"{point['gini']:.3f}",
            _share(point["never_shown"]),
            _most_shown(point),
        ]
        for point in curve
    ]
    return f"{head}# Equal worth and its price: turns among near-equals, over seven days\n\n" + _table(
        ["width of a turn", "nDCG@10", "Gini of exposure", "never shown", "the most shown stands in"], rows
    )


def _width(point: dict[str, float]) -> str:
    if not point["seen_to"]:
        return "none of it: no turns, no day of its own, nobody stands back"
    return f"**{point['width']}** (default)" if point["default"] else str(point["width"])


def _most_shown(exposure: dict[str, float]) -> str:
    return f"{_share(exposure['largest_share'])} of answers ({exposure['largest_of_mean']:.1f}× the mean)"


def _talk(record: dict[str, Any], head: str) -> str:
    if not (talk := record.get("talk")):
        return ""
    text = f"{head}# Conversation\n\n"
    rows = [
        [f"{name}: {way}", value["queries"], _mean(value["ndcg@10"])]
        for part, name in (
            ("what_is_looked_for", "after several turns, looking for"),
            ("more_like_this", "“more like this”, the rest of the answer"),
            ("not_this", "“not this one”, the rest of the answer"),
        )
        for way, value in talk.get(part, {}).items()
    ]
    text += _table(["", "queries", "nDCG@10"], rows) if rows else ""
    if dials := talk.get("dials"):
        text += _table(
            ["dial or word", "meets it without", "meets it with", "nDCG@10 with", "three stories"],
            [
                [name, _share(d["met_without"]), _share(d["met_with"]), _mean(d["ndcg@10"]), _share(d["full"])]
                for name, d in dials.items()
            ],
        )
    return text


def _groups(record: dict[str, Any], head: str) -> str:
    groups = {kind: some for kind, some in record.get("groups", {}).items() if some}
    if not groups:
        return ""
    text = f"{head}# By narrator\n\nOf the stories that answer well (grade 2 or 3), the share among the first ten, "
    text += "by what their narrators told of themselves. Groups with fewer than ten such pairs are left out.\n\n"
    rows = [[kind, g, v["pairs"], _mean(v["found"], 2)] for kind, some in groups.items() for g, v in some.items()]
    return text + _table(["", "", "pairs", "found"], rows)


# --- HTML
# --------------------------------------------------------------------------------------------------------------

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #bbb;padding:.25rem .6rem;text-align:left}
svg{max-width:100%;height:auto}svg text{font:13px system-ui,sans-serif;fill:currentColor}
@media(prefers-color-scheme:dark){body{background:#1b1b1b;color:#eee}td,th{border-color:#555}}
"""


def html(record: dict[str, Any]) -> str:
    """One page without scripts that needs nothing from anywhere: the figures as plots, and each plot as a table too."""
    pipelines = record["pipelines"]
    bars = _intervals(
        "nDCG@10 with 95 % intervals", [(name, figures["ndcg@10"]) for name, figures in pipelines.items()]
    )
    cost = _points(
        "nDCG@10 against CPU milliseconds a query",
        [(name, f["cpu_ms_per_query"], f["ndcg@10"]["mean"]) for name, f in pipelines.items()],
        ("CPU ms", "nDCG@10"),
    )
    curve = ""
    if turns := record.get("turns"):
        curve = _points(
            "Equal worth and its price: nDCG@10 against the Gini of exposure, by width of a turn",
            [
                (
                    f"{p['width']}{' (default)' if p['default'] else ''}" if p["seen_to"] else "none",
                    p["gini"],
                    p["ndcg@10"],
                )
                for p in turns
            ],
            ("Gini", "nDCG@10"),
        )
    title = escape(f"Finding, measured: {record['task']}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{title}</h1>{bars}{cost}{curve}{_as_html(markdown(record))}</body></html>\n"
    )


def _intervals(title: str, rows: Sequence[tuple[str, dict[str, float]]]) -> str:
    """A line for each: a dot at the mean, and its interval."""
    height = 30 * len(rows) + 40
    parts = [_svg(title, 720, height)]
    for i, (name, value) in enumerate(rows):
        y = 20 + 30 * i
        lo, mid, hi = (170 + 480 * value[key] for key in ("lo", "mean", "hi"))
        parts.append(f'<text x="0" y="{y + 5}">{escape(name)}</text>')
        parts.append(f'<line x1="{lo:.1f}" x2="{hi:.1f}" y1="{y}" y2="{y}" stroke="currentColor" stroke-width="3"/>')
        parts.append(f'<circle cx="{mid:.1f}" cy="{y}" r="6" fill="currentColor"/>')
        parts.append(f'<text x="660" y="{y + 5}">{value["mean"]:.3f}</text>')
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts.append(f'<text x="{165 + 480 * tick:.0f}" y="{height - 6}">{tick}</text>')
    return "".join(parts) + "</svg></figure>"


def _points(title: str, rows: Sequence[tuple[str, float, float]], axes: tuple[str, str]) -> str:
    """A labelled dot for each (name, x, y)."""
    xs, ys = [x for _, x, _ in rows], [y for _, _, y in rows]
    parts = [_svg(title, 720, 340)]
    for name, x, y in rows:
        left, top = 60 + 520 * _between(x, xs), 290 - 260 * _between(y, ys)
        parts.append(f'<circle cx="{left:.1f}" cy="{top:.1f}" r="5" fill="currentColor"/>')
        parts.append(f'<text x="{left + 9:.1f}" y="{top + 4:.1f}">{escape(name)}</text>')
    parts.append(f'<text x="60" y="330">{escape(axes[0])}: {min(xs):g} to {max(xs):g}</text>')
    parts.append(f'<text x="0" y="14">{escape(axes[1])}: {min(ys):g} to {max(ys):g}</text>')
    return "".join(parts) + "</svg></figure>"


def _between(value: float, values: Sequence[float]) -> float:
    spread = max(values) - min(values)
    return (value - min(values)) / spread if spread else 0.5


def _svg(title: str, width: int, height: int) -> str:
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg role="img" aria-label="{escape(title)}: the tables below hold the same figures" '
        f'viewBox="0 0 {width} {height}">'
    )


def _as_html(text: str) -> str:
    """The few forms of Markdown that this file writes."""
    made: list[str] = []
    table = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")] if line.startswith("|") else []
        if cells and set(cells) == {"---"}:
            continue
        if cells:
            tag = "td" if table else "th"
            made.append("" if table else "<table>")
            made.append("<tr>" + "".join(f"<{tag}>{_inline(cell)}</{tag}>" for cell in cells) + "</tr>")
            table = True
            continue
        if table:
            made.append("</table>")
            table = False
        if line.startswith("#"):
            depth = len(line) - len(line.lstrip("#"))
            made.append(f"<h{depth}>{_inline(line.lstrip('# '))}</h{depth}>")
        elif line:
            made.append(f"<p>{_inline(line)}</p>")
    return "\n".join(made) + ("</table>" if table else "")


def _inline(text: str) -> str:
    return escape(text).replace("**", "").replace("`", "")
