"""Code of the repository that settings name as text: middleware, backends, pipelines, hooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import DefRef
from extractor.link.settings.table import SettingsTable
from extractor.program.module import Def


def named_code(ev: Evaluator, tables: Mapping[str, SettingsTable]) -> list[tuple[Def, str, str]]:
    """Each function and class that a setting of some service names, with the setting and the service."""
    return list(
        dict.fromkeys(
            (target, setting, service) for service, table in tables.items() for setting, target in named_by(ev, table)
        )
    )


def named_by(ev: Evaluator, table: SettingsTable) -> Iterator[tuple[str, Def]]:
    """Each setting of a service with the functions and classes that it names, in the order of the settings."""
    for setting, dotted, _path, _line in table.dotted_texts():
        for value in ev.by_dotted(dotted):
            if isinstance(value, DefRef) and value.target.module.in_repo:
                yield setting, value.target
