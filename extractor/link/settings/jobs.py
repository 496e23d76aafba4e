"""Jobs: functions and commands that a setting has a scheduler run at times, as django-crontab's `CRONJOBS` does.

Format: https://github.com/kraiz/django-crontab (time, function as dotted text, its arguments).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from extractor.deployment.commands import Program, unit_running
from extractor.deployment.units import Unit
from extractor.evaluate.values import DefRef, Seq, Text, Value, Values
from extractor.link.settings.table import SettingsTable
from extractor.program.module import Def
from extractor.rules.django import django_rules

_CALLS_COMMAND = "django.core.management.call_command"


@dataclass(frozen=True, slots=True)
class Job:
    """Code that a scheduler runs for a service: the function, None for a management command; `unit` is the process
    that runs it, by the name of the function or command."""

    service: str
    target: Def | None
    unit: Unit


def scheduled_jobs(tables: Mapping[str, SettingsTable]) -> tuple[Job, ...]:
    """The jobs that the settings of each service list, in order."""
    return tuple(
        job for service, table in tables.items() for name in table.names() for job in _jobs(service, table, name)
    )


def _jobs(service: str, table: SettingsTable, setting: str) -> Iterator[Job]:
    technology, place = django_rules().job_lists.get(setting), table.where(setting)
    if technology is None or place is None:
        return
    for row in (row for value in table.value(setting) for row in _items(value)):
        parts = [_literal(part) for part in row[:2]]
        if len(parts) < 2 or not parts[0] or not parts[1]:
            continue
        schedule, dotted = parts[0], parts[1]
        targets = [v.target for v in table.ev.by_dotted(dotted) if isinstance(v, DefRef) and v.target.module.in_repo]
        given = [_literal(part) for value in (row[2] if len(row) > 2 else ()) for part in _parts(value)]
        command = given[0] if dotted == _CALLS_COMMAND and given else ""
        if command or targets:
            name = command or dotted
            run = Program("command", technology, management=name)
            unit = unit_running(run, name, f"{dotted} {' '.join(given)}".strip(), place.path, place.line, "deployment")
            yield Job(service, None if command else targets[0], replace(unit, schedule=schedule))


def _items(value: Value) -> Iterator[tuple[Values, ...]]:
    """The rows of a list of tuples."""
    for row in _parts(value):
        if isinstance(row, Seq):
            yield row.items


def _parts(value: Value) -> Iterator[Value]:
    if isinstance(value, Seq):
        for item in value.items:
            yield from item


def _literal(values: Values | Value) -> str:
    every = values if isinstance(values, tuple) else (values,)
    return next((v.literal for v in every if isinstance(v, Text) and v.literal), "")


__all__ = ["Job", "scheduled_jobs"]
