"""The rows of `fixtures/estate/expected.yaml`: reading them, the lines they mark, pairing them with facts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import yaml

from tests.build_estate import ESTATE

Row = Mapping[str, Any]
NEAR = 2  # lines: a decorator or the head of a statement may stand above the text that marks it


@functools.cache
def expected() -> Mapping[str, Any]:
    """The specification, as `expected.yaml` says it."""
    data: Mapping[str, Any] = yaml.safe_load((ESTATE / "expected.yaml").read_text(encoding="utf-8"))
    return data


def many(value: Any) -> list[Any]:
    """A value that may be a list, as a list; nothing for None."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@functools.cache
def _lines(repo: str, path: str) -> tuple[str, ...]:
    return tuple((ESTATE / repo / path).read_text(encoding="latin-1").splitlines())


def marked(repo: str, path: str, text: str) -> int:
    """The number of the one line of a file that holds `text`. Raises ValueError when there is not exactly one."""
    found = [number for number, line in enumerate(_lines(repo, path), 1) if text in line]
    if len(found) != 1:
        raise ValueError(f"{repo}/{path}: {text!r} stands on {len(found)} lines")
    return found[0]


def at_site(repo: str, row: Row, fact: Any, near: int = NEAR) -> bool:
    """Whether a fact with path, line and (if it has one) end_line touches a marked line of the row."""
    end = getattr(fact, "end_line", fact.line)
    return fact.path == row["path"] and any(
        fact.line - near <= marked(repo, row["path"], text) <= end + near for text in many(row["at"])
    )


def match(
    what: str,
    rows: Sequence[Row],
    facts: Sequence[Any],
    same: Callable[[Row, Any], bool],
    say: Callable[[Any], str],
    check: Callable[[Row, list[Any]], Iterable[str]] = lambda row, found: (),
    beside: Callable[[Row, Any], bool] = lambda row, fact: False,
) -> list[str]:
    """Every row needs a fact, every fact needs a row. `beside` finds facts that explain what a missing row became."""
    out: list[str] = []
    for row in rows:
        found = [fact for fact in facts if same(row, fact)]
        title = ", ".join(f"{key}={value}" for key, value in row.items() if key not in ("at", "optional", "contexts"))
        if not found and not row.get("optional"):
            near = [say(fact) for fact in facts if beside(row, fact)]
            out.append(f"missing {what}: {title}" + (f"\n    here stands: {near}" if near else ""))
        elif found:
            out += [f"wrong {what}: {title}\n    {fault}" for fault in check(row, found)]
    return out + [f"unexpected {what}: {say(fact)}" for fact in facts if not any(same(row, fact) for row in rows)]
