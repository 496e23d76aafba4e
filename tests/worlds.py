"""Worlds made of sources written in a test: a module summary for each, linked as one repository."""

from __future__ import annotations

import textwrap

from extractor.evaluate.evaluator import Evaluator
from extractor.program.index import ModuleIndex
from extractor.program.module import Module, module_name
from extractor.summary import decode, encode, summarize

REPO = "shop"


def world(files: dict[str, str], libraries: dict[str, dict[str, str]] | None = None) -> ModuleIndex:
    """A world of one repository named `shop`: source text by path; `libraries` holds those of pinned distributions."""
    placed = [("repo", path, source) for path, source in files.items()]
    placed += [(name, path, source) for name, inside in (libraries or {}).items() for path, source in inside.items()]
    modules = []
    for origin, path, source in placed:
        name, package = module_name(path)
        summary = decode(encode(summarize(textwrap.dedent(source).encode())))  # as a scan reads it
        assert summary is not None
        assert summary.error is None, f"{path}: {summary.error}"
        modules.append(Module(REPO, path, name, package, origin, summary))
    return ModuleIndex(REPO, modules)


def evaluator(files: dict[str, str], libraries: dict[str, dict[str, str]] | None = None) -> Evaluator:
    """An evaluator over `world(files, libraries)`."""
    return Evaluator(world(files, libraries))
