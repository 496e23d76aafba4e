"""A diff as Markdown for a comment on a pull request: the gate, contracts, a Mermaid picture, details folded away."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.diff.document import Change, Commit, Contract, GraphDiff
from extractor.model.graph import Evidence
from renderers.diagrams.mermaid import markdown, quoted
from renderers.diff.words import (
    NOTHING,
    SIGNS,
    change_text,
    contract_text,
    field_text,
    headline,
    place_text,
    ranges,
    sections,
    title_of,
    told_fields,
)
from renderers.links import line_url

# An invisible first line by which the comment is found again and replaced.
MARK = "<!-- c4trace diff -->"
# GitHub refuses a comment of more than 65536 characters, GitLab one of more than a million.
LIMIT = 60_000
_MOST_ARROWS = 25
_MOST_BREACHES = 30
_STYLES = {
    "added": "stroke:#1a7f37,stroke-width:3px",
    "removed": "stroke:#cf222e,stroke-width:3px,stroke-dasharray:6 4",
    "changed": "stroke:#9a6700,stroke-width:3px",
}


def render_diff_markdown(diff: GraphDiff, breaches: Sequence[str] = (), limit: int = LIMIT) -> str:
    """The diff as a comment of at most `limit` characters. `breaches` are lines of the gate, shown first."""
    webs = {source.name: source.web for source in diff.sources}
    head = [MARK, "## Architecture", markdown(headline(diff)) if not diff.empty else NOTHING]
    head += [f"- {markdown(text)}" for text in ranges(diff)]
    blocks = ["\n".join((*head[:2], "", head[2], "", *head[3:])).rstrip()]
    blocks += _breaches(breaches)
    blocks += _contracts(diff, webs)
    blocks += _must_set(diff, webs)
    arrows = diff.of("flows")
    if arrows:
        blocks.append(f"```mermaid\n{diff_mermaid(arrows[:_MOST_ARROWS])}```{_left_out(len(arrows) - _MOST_ARROWS)}")
    blocks += [_section(kind, changes, webs) for kind, changes in sections(diff)]
    return _fitted(blocks, limit)


def diff_mermaid(arrows: Sequence[Change]) -> str:
    """A flowchart of changed arrows: `+` green, `−` red and dashed, `~` amber."""
    ends = [_ends(change) for change in arrows]
    names = sorted({name for pair in ends for name in pair[:2]})
    alias = {name: f"n{number}" for number, name in enumerate(names)}
    lines = ["flowchart LR", *(f'  {alias[name]}["{quoted(name)}"]' for name in names)]
    for change, (source, target, label) in zip(arrows, ends, strict=True):
        text = f"{SIGNS[change.status].replace('~', '#126;')} {quoted(label)}"
        lines.append(f'  {alias[source]} -->|"{text}"| {alias[target]}')
    for status, style in _STYLES.items():
        at = [str(n) for n, change in enumerate(arrows) if change.status == status]
        if at:
            lines.append(f"  linkStyle {','.join(at)} {style}")
    return "\n".join(lines) + "\n"


def _ends(change: Change) -> tuple[str, str, str]:
    """Source, target and label out of a flow's title (`Shop → Campus: POST enrollment`), for drawing only."""
    source, _, rest = change.title.partition(" → ")
    target, _, label = rest.partition(": ")
    return source, target, label


def _breaches(breaches: Sequence[str]) -> list[str]:
    if not breaches:
        return []
    lines = [f"- ❌ {markdown(breach)}" for breach in breaches[:_MOST_BREACHES]]
    return ["### Forbidden by the policy\n\n" + "\n".join(lines) + _left_out(len(breaches) - _MOST_BREACHES)]


def _contracts(diff: GraphDiff, webs: dict[str, str | None]) -> list[str]:
    if not diff.contracts:
        return []
    return ["### Contracts between systems\n\n" + "\n".join(_contract(c, webs) for c in diff.contracts)]


def _contract(contract: Contract, webs: dict[str, str | None]) -> str:
    sign = "❌" if contract.status == "broken" else "✅"
    place = next(iter(contract.after or contract.before), None)
    return f"- {sign} {markdown(contract_text(contract))}{_where(place, webs)}{_by(contract.commit)}"


def _must_set(diff: GraphDiff, webs: dict[str, str | None]) -> list[str]:
    changes = diff.must_be_set()
    if not changes:
        return []
    lines = [f"- {markdown(c.title)}{_where(c.place, webs)}" for c in changes]
    return ["### To be set before deploying\n\n" + "\n".join(lines)]


def _section(kind: str, changes: Sequence[Change], webs: dict[str, str | None]) -> str:
    count = " ".join(
        f"{SIGNS[status]}{number}" for status in SIGNS if (number := sum(c.status == status for c in changes))
    )
    lines = [_change(change, webs) for change in changes]
    return f"<details><summary>{title_of(kind)} {count}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _change(change: Change, webs: dict[str, str | None]) -> str:
    fields = "; ".join(markdown(field_text(f)) for f in told_fields(change))
    text = f"**{SIGNS[change.status].replace('~', '&#126;')}** {markdown(change_text(change))}"
    return f"- {text}{': ' + fields if fields else ''}{_where(change.place, webs)}{_by(change.commit)}"


def _where(place: Evidence | None, webs: dict[str, str | None]) -> str:
    if place is None:
        return ""
    href = line_url(webs.get(place.repo), place.commit, place.path, place.line, place.end_line)
    text = markdown(place_text(place))
    return f" ([{text}](<{href}>))" if href and not set("<>\n\\") & set(href) else f" ({text})"


def _by(commit: Commit | None) -> str:
    return f" — {markdown(commit.sha[:10])} {markdown(commit.date[:10])} {markdown(commit.subject)}" if commit else ""


def _left_out(number: int) -> str:
    return f"\n\nand {number} more" if number > 0 else ""


def _fitted(blocks: list[str], limit: int) -> str:
    """As many blocks as fit, whole, in order; the rest are named as left out. The first always stands."""
    note = "\n\n_Some sections are too long for a comment; `c4trace diff` shows them all._\n"
    text = blocks[0]
    left_out = False
    for block in blocks[1:]:
        if len(text) + 2 + len(block) + len(note) <= limit:
            text += "\n\n" + block
        else:
            left_out = True
    return text + (note if left_out else "\n")
