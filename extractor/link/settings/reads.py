"""Where code reads settings: `settings.NAME` and `getattr(settings, "NAME", ...)`, in one pass over a repository."""

from __future__ import annotations

import weakref

from extractor.evaluate.attributes import SETTINGS
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Ext
from extractor.model.graph import Evidence
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Attribute, Name, literal_text

MAX_READS = 40  # places kept for one setting

_KNOWN: weakref.WeakKeyDictionary[Evaluator, dict[str, tuple[Evidence, ...]]] = weakref.WeakKeyDictionary()


def setting_reads(ev: Evaluator, commit: str) -> dict[str, tuple[Evidence, ...]]:
    """The places that read each setting, by its name, sorted by place. Made once for an evaluator."""
    found = _KNOWN.get(ev)
    if found is None:
        found = _KNOWN[ev] = _every_read(ev, commit)
    return found


def _every_read(ev: Evaluator, commit: str) -> dict[str, tuple[Evidence, ...]]:
    reads: dict[str, set[Evidence]] = {}
    for target in ev.index.defs():
        if target.module.in_repo:
            for name, line, end_line in _reads(ev, target):
                module = target.module
                spot = Evidence(module.repo, commit, module.path, line, end_line, "read")
                reads.setdefault(name, set()).add(spot)
    return {
        name: tuple(sorted(spots, key=lambda e: (e.path, e.line, e.end_line))[:MAX_READS])
        for name, spots in sorted(reads.items())
    }


def _reads(ev: Evaluator, target: Def) -> list[tuple[str, int, int]]:
    found = []
    for line, value in target.scope.reads:
        if isinstance(value, Attribute) and value.name.isupper() and _is_settings(ev, target, value.base):
            found.append((value.name, line, line))
    for call in target.scope.calls:
        name = _getattr_name(call)
        if name is not None and _is_settings(ev, target, call.args[0]):
            found.append((name, call.line, call.end_line))
    return found


def _getattr_name(call: CallExpr) -> str | None:
    name = literal_text(call.args[1]) if call.func == Name("getattr") and len(call.args) > 1 else None
    return name if name is not None and name.isupper() else None


def _is_settings(ev: Evaluator, target: Def, base: Expr) -> bool:
    return any(isinstance(v, Ext) and v.path == SETTINGS for v in ev.eval(base, ev.frame(target)))
