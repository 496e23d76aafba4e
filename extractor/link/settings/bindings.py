"""Settings that say how the units of a deployment meet, where no line of code does.

Celery beat keeps its schedule in a store when its scheduler does; pages take their scripts from what a front end
builds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.evaluate.evaluator import qualified
from extractor.evaluate.values import Text, Values
from extractor.link.settings.table import SettingsTable, Where
from extractor.rules.stores import store_rules

_SCHEDULERS = ("CELERY_BEAT_SCHEDULER", "CELERYBEAT_SCHEDULER")


@dataclass(frozen=True, slots=True)
class SettingBinding:
    """A setting that joins units of a service. `role` is `scheduler` (beat keeps its schedule in the store `system`),
    `bundles` (pages take what a front end builds), `topics`, `producer` and `consumer` (events of the bus `system`) or
    `sign-in` (`named` is the class that sends people to the provider `system`)."""

    service: str
    role: str
    setting: str
    where: Where
    system: str = ""
    named: str = ""
    protocol: str = ""
    condition: str = ""


def setting_bindings(table: SettingsTable) -> tuple[SettingBinding, ...]:
    """A service's bindings in the order of the rules; those of a scheduler start with the setting that names it."""
    return (*_scheduled(table), *_built(table))


def _scheduled(table: SettingsTable) -> Iterator[SettingBinding]:
    for name in _SCHEDULERS:
        found = (store_rules().scheduler(written) for written in _names(table.value(name)))
        for rule in dict.fromkeys(rule for rule in found if rule is not None):
            for setting in (name, *rule.settings):
                where = table.where(setting)
                if where is not None:
                    yield SettingBinding(table.service, "scheduler", setting, where, rule.system)


def _names(values: Values) -> list[str]:
    """What a setting names: the text itself, or the dotted name of the class it was given."""
    found = [value.literal if isinstance(value, Text) else qualified(value) for value in values]
    return [name for name in found if name]


def _built(table: SettingsTable) -> Iterator[SettingBinding]:
    for name in store_rules().bundles:
        where = table.where(name)
        if where is not None:
            yield SettingBinding(table.service, "bundles", name, where)
