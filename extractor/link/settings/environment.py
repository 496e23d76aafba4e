"""Classes of settings read from the environment (pydantic's), as a table: the variables are its settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from extractor.deployment.units import EnvValue
from extractor.evaluate.environment import environment_class, environment_field, environment_fields
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Env, Values
from extractor.link.settings.table import SettingsTable, Where
from extractor.program.module import Def
from extractor.rules.python import python_rules


class EnvironmentTable(SettingsTable):
    """The variables that fields of such classes of the repository are; none where there is no such class."""

    def __init__(self, ev: Evaluator, repo: str, service: str, deployed: Sequence[EnvValue] = ()) -> None:
        super().__init__(ev, repo, service, (), deployed)
        self._fields: dict[str, tuple[Env, Where]] = {}
        for variable, where in _variables(ev):
            self._fields.setdefault(variable.name, (variable, where))

    def names(self) -> tuple[str, ...]:
        """Every variable, sorted."""
        return tuple(sorted(self._fields))

    def raw(self, name: str) -> Values:
        """The variable of a field, with its default; () when no field is read from it."""
        found = self._fields.get(name)
        return (found[0],) if found is not None else ()

    def where(self, name: str) -> Where | None:
        """Where the field is declared."""
        found = self._fields.get(name)
        return found[1] if found is not None else None


def _variables(ev: Evaluator) -> Iterator[tuple[Env, Where]]:
    for cls in _classes(ev):
        for name, owner in environment_fields(ev, cls):
            indices = owner.scope.names.get(name, ())
            line = owner.scope.defs[indices[-1]][0] if indices else owner.scope.line
            for value in environment_field(ev, cls, name):
                if isinstance(value, Env) and owner.module.in_repo:
                    yield value, Where(owner.module.path, line, line)


def _classes(ev: Evaluator) -> list[Def]:
    """The classes of the repository whose fields are variables: those that derive from a library's, and theirs."""
    packages = {base.partition(".")[0] for rule in python_rules().environment for base in rule.bases}
    found: dict[Def, None] = {}
    for module in ev.index.modules:
        if module.in_repo and any(name.partition(".")[0] in packages for name in module.summary.imports):
            for scope in module.summary.scopes.values():
                cls = module.define(scope.name) if scope.kind == "class" and scope.bases else None
                if cls is not None and environment_class(ev, cls) is not None:
                    found.update(dict.fromkeys((cls, *ev.classes.subclasses(cls))))
    return list(found)


__all__ = ["EnvironmentTable"]
