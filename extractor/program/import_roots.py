"""The folders that a repository's modules are imported from: by `manage.py`, `sys.path`, and by what resolves there.

`source_roots` knows those that files show by their places. A folder that code puts on `sys.path`, or under which the
imports of its own modules resolve and nowhere else do, is one too: `apps/` of a Django project, `backend/app`,
`packages/one/src`, a flat `worker/`.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator, Mapping, Sequence

from extractor.program.module import parted_roots, source_roots
from extractor.summary import Expr, ModuleSummary, Scope
from extractor.summary.expr import Attribute, BinaryOperation, CallResult, JoinedText, Local, Name, literal_text

_PUTS = frozenset({"insert", "append", "extend"})
# What a project that runs by itself has: a program of Django, a server or a worker.
_RUNS = re.compile(r"/(manage|wsgi|asgi|celery|celery_app|celeryapp|worker|main|app|settings)\.py$")
_MAX_PROJECTS = 20
_MAX_DEPTH = 6  # calls and names inside one another, in what is put on the path


def import_roots(summaries: Mapping[str, ModuleSummary]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The roots of modules (summaries by path) beside the repository's own, innermost first; and the folders of
    projects that share names of modules, so that none of them can be a root of one program: sorted, none where they
    are not all projects that run by themselves."""
    roots, shared = parted_roots(summaries, _shown(summaries))
    outer = sorted(root for root in shared if not any(root.startswith(f"{other}/") for other in shared))
    run = {root for root in outer for path in summaries if path.startswith(f"{root}/") and _RUNS.search(path)}
    return roots, tuple(outer) if 1 < len(outer) <= _MAX_PROJECTS and run == set(outer) else ()


def _shown(summaries: Mapping[str, ModuleSummary]) -> tuple[str, ...]:
    """The roots that code shows."""
    files = frozenset(summaries)
    known = source_roots(files)
    tree = _Tree(files)
    named = {root for path, summary in summaries.items() for root in _on_path(path, summary, tree)}
    named = {root for root in named if tree.is_imported_from(root, summaries)}
    resolved = {
        root for path, summary in summaries.items() for root in _resolving(path, summary, summaries, tree, known)
    }
    return (*named, *resolved)


class _Tree:
    """The modules of a repository by path: what a dotted name would be below a folder."""

    def __init__(self, files: frozenset[str]) -> None:
        self.files = files
        self.folders: set[str] = set()
        for path in files:
            folder = posixpath.dirname(path)
            while folder and folder not in self.folders:
                self.folders.add(folder)
                folder = posixpath.dirname(folder)
        self.tops: dict[str, set[str]] = {}  # by the first part of a name: the folders that hold it
        for place in (*(f.removesuffix("/__init__.py").removesuffix(".py") for f in files), *self.folders):
            self.tops.setdefault(posixpath.basename(place), set()).add(posixpath.dirname(place))

    def file(self, root: str, dotted: str) -> str | None:
        """The file of a module below a root, or of the module that holds the last part of the name."""
        parts = dotted.split(".")
        for size in (len(parts), len(parts) - 1):
            place = posixpath.join(root, *parts[:size])
            for path in (f"{place}.py", f"{place}/__init__.py"):
                if size and path in self.files:
                    return path
        return None

    def is_imported_from(self, root: str, summaries: Mapping[str, ModuleSummary]) -> bool:
        """Whether modules are rather imported from a folder than through it, as a package of the repository."""
        through = f"{root.replace('/', '.')}."
        short = long = 0
        for summary in summaries.values():
            for name in summary.imports:
                long += name.startswith(through)
                short += root in self.tops.get(name.partition(".")[0], ()) and self.file("", name) is None
        return short >= long


def _resolving(
    path: str, summary: ModuleSummary, summaries: Mapping[str, ModuleSummary], tree: _Tree, known: Sequence[str]
) -> Iterator[str]:
    """The nearest folders around a module from which one of its imports resolves that does not from a known root."""
    for name in summary.imports:
        top = name.partition(".")[0]
        holders = tree.tops.get(top) if top and top not in sys.stdlib_module_names else None
        if not holders or any(tree.file(root, name) is not None for root in ("", *known)):
            continue
        folder = posixpath.dirname(path)
        while folder:
            found = tree.file(folder, name) if folder in holders else None
            if found is not None and found != path:
                if not _means_another(found, top, summaries) and f"{folder}/__init__.py" not in tree.files:
                    yield folder
                break
            folder = posixpath.dirname(folder)


def _means_another(found: str, top: str, summaries: Mapping[str, ModuleSummary]) -> bool:
    """A module that imports its own name means a library of that name: `from celery import Celery` in `celery.py`."""
    return any(name == top or name.startswith(f"{top}.") for name in summaries[found].imports)


def _on_path(path: str, summary: ModuleSummary, tree: _Tree) -> Iterator[str]:
    """The folders that a module puts on `sys.path`: the texts in what it puts there, below a folder around it."""
    if "sys" not in summary.imports and "sys.path" not in summary.imports:
        return
    for scope in summary.scopes.values():
        for call in scope.calls:
            func = call.func
            if isinstance(func, Attribute) and func.name in _PUTS and call.args and _names_path(func.base):
                below = [part for text in _texts(call.args[-1], scope, summary) for part in text.split("/")]
                joined = "/".join(part for part in below if part.strip(".") and part != "")
                yield from _folder(path, joined, tree)


def _folder(path: str, below: str, tree: _Tree) -> Iterator[str]:
    """The folder `below` one of those around a module, the nearest."""
    folder = posixpath.dirname(path)
    while below:
        found = posixpath.join(folder, below)
        if found in tree.folders:
            yield found
            return
        if not folder:
            return
        folder = posixpath.dirname(folder)


def _names_path(expr: Expr) -> bool:
    return isinstance(expr, Attribute) and expr.name == "path"


def _texts(expr: Expr, scope: Scope, summary: ModuleSummary, depth: int = 0) -> Iterator[str]:
    """The literal texts of an expression in the order in which they are written, through variables and calls."""
    text = literal_text(expr)
    if text is not None:
        yield text
    elif depth > _MAX_DEPTH:
        return
    elif isinstance(expr, BinaryOperation):
        yield from _texts(expr.left, scope, summary, depth + 1)
        yield from _texts(expr.right, scope, summary, depth + 1)
    elif isinstance(expr, JoinedText):
        for part in expr.values:
            yield from _texts(part, scope, summary, depth + 1)
    elif isinstance(expr, CallResult):
        call = scope.calls[expr.call]
        for part in (call.func, *call.args):
            yield from _texts(part, scope, summary, depth + 1)
    elif isinstance(expr, Attribute):
        yield from _texts(expr.base, scope, summary, depth + 1)
    elif isinstance(expr, Local) and len(expr.definitions) == 1:
        yield from _texts(scope.defs[expr.definitions[0]][1], scope, summary, depth + 1)
    elif isinstance(expr, Name):
        top = summary.scopes[""]
        places = top.names.get(expr.name, ())
        if len(places) == 1:
            yield from _texts(top.defs[places[0]][1], top, summary, depth + 1)


__all__ = ["import_roots"]
