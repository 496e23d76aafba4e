"""Entry points that a repository's process finds installed: those of its own `setup.py` and of what it pins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from extractor.evaluate.evaluator import Evaluator, qualified
from extractor.evaluate.values import Mapping, Seq, Text, Values
from extractor.libraries.entry_points import EntryPointSpec, of_ini, of_lines
from extractor.program.module import Module


class EntryPoints:
    """Answers what the entry points of a group name. `declared` are those of metadata; those of `setup.py`, of the
    repository and of the estate's libraries, are read from the code."""

    def __init__(self, ev: Evaluator, declared: Iterable[EntryPointSpec] = ()) -> None:
        own = (spec for module in ev.index.modules for spec in _of_setup(ev, module))
        self.all = tuple(dict.fromkeys((*declared, *own)))

    def objects(self, group: str) -> tuple[str, ...]:
        """The dotted names of the objects of a group, in order of declaration."""
        return tuple(dict.fromkeys(spec.target for spec in self.all if spec.group == group))


def _of_setup(ev: Evaluator, module: Module) -> Iterator[EntryPointSpec]:
    """What `setup(entry_points=...)` of a setup.py says."""
    scope = module.summary.scopes.get("")
    if scope is None or module.path.rsplit("/", 1)[-1] != "setup.py":
        return
    frame, path = ev.frame(module.define("")), module.path if module.in_repo else ""
    for call in scope.calls:
        given = dict(call.kwargs).get("entry_points")
        if given is None or not any((qualified(v) or "").endswith("setup") for v in ev.eval(call.func, frame)):
            continue
        for value in ev.eval(given, frame):
            if isinstance(value, Mapping):
                for keys, values in value.items:
                    for group in _texts(keys):
                        yield from of_lines(group, list(_texts(values)), path, call.line)
            elif isinstance(value, Text) and value.literal:
                yield from of_ini(value.literal.encode("utf-8", "replace"), path=path)


def _texts(values: Values) -> Iterator[str]:
    for value in values:
        if isinstance(value, Text) and value.literal:
            yield value.literal
        elif isinstance(value, Seq):
            for item in value.items:
                yield from _texts(item)


__all__ = ["EntryPoints"]
