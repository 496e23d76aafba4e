"""Runs the examples of the rules of findings: each is the one module of a system, which is scanned whole.

A function whose first parameter is `request` is a view. What an example says that other systems serve (`serves`: a
module of views with its `urlpatterns`, by host) is scanned beside it; `runs` is its Procfile.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from extractor.estate.model import Estate, Repository, Service, System
from extractor.model.graph import Finding
from extractor.options import ScanOptions
from extractor.pipeline.scan import scan_estate
from extractor.rules.findings import FindingExample
from extractor.sources.store import ObjectStore
from extractor.sources.tree import Tree, TreeEntry

NAME = "example"
_VIEW = re.compile(r"^(?:async )?def (\w+)\(request\b", re.MULTILINE)
_OPTIONS = ScanOptions("2024-01-01T00:00:00Z", "0", offline=True)


@dataclass(frozen=True, slots=True)
class HeldObjects(ObjectStore):
    """Objects that stand in no repository, by id."""

    held: Mapping[str, bytes] = field(default_factory=dict)

    def blobs(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | None, str]]:
        """Each with its content."""
        return ((name, self.held[name], "") for name in names)


def tree(name: str, files: Mapping[str, str]) -> Tree:
    """A source at a commit that holds these files."""
    ids = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()}
    store = HeldObjects(Path(), Path(), held={ids[path]: text.encode() for path, text in files.items()})
    entries = tuple(TreeEntry(path, ids[path], len(files[path]), 0o100644) for path in sorted(files))
    commit = hashlib.sha1(repr(sorted(ids.items())).encode(), usedforsecurity=False).hexdigest()
    return Tree(name, f"https://git.example.org/{name}", "main", commit, "", None, entries, (), store)


def found_in(example: FindingExample) -> list[Finding]:
    """The findings in the module of an example."""
    views = "".join(f"    path('{view}/', {NAME}.{view}),\n" for view in _VIEW.findall(example.code))
    urls = f"import {NAME}\nfrom django.urls import path\n\nurlpatterns = [\n{views}]\n"
    service = Service("web", "Example", settings_modules=("settings",), urlconf="urls", celery=NAME)
    files = {f"{NAME}.py": example.code, "settings.py": example.settings, "urls.py": urls}
    if example.runs:
        files["Procfile"] = example.runs
    systems = [System(NAME, "Example", kind="system", repository=Repository(""), services=(service,))]
    trees = {NAME: tree(NAME, files)}
    for number, (host, code) in enumerate(example.serves):
        other = f"other-{number}"
        served = Service("web", other, settings_modules=("settings",), urlconf="views")
        systems.append(
            System(other, other, kind="system", hosts=(host,), repository=Repository(""), services=(served,))
        )
        trees[other] = tree(other, {"views.py": code, "settings.py": ""})
    graph = scan_estate(Estate("Example", tuple(systems)), trees, _OPTIONS)
    return [row for row in graph.findings if row.repo == NAME and row.path == f"{NAME}.py"]
