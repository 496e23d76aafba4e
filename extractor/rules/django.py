"""What `rules/django.yaml` says of Django: where control comes in, and which libraries serve URLs."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from extractor.files.shipped import rules_dir
from extractor.files.yaml import read_plain


@dataclass(frozen=True, slots=True)
class DjangoRules:
    """The patterns of requests are searched for at the end of dotted names; those of start-up are for the whole name.

    `hooks` are methods that a framework calls on an object, `actions` those of a view that answer requests of their
    own.
    `app_modules` are looked for in the package of each installed app; `app_groups` are functions that give the apps
    that entry points of a group name. `app_lists` and `task_module_lists` are variables of settings that list apps and
    modules of tasks, `app_libraries` the distributions by package that bring such and `affixes` what names of others
    have beside the package's; only those that need one of `task_libraries` bring tasks.
    `telling_migrations` gives a word of the migrations that are read, by app; `job_lists` the scheduler of jobs, by the
    setting that lists them; `global_settings` the settings that Django has without the project's. `url_libraries` gives
    distributions by package, `own_urls` the views by route of each URLconf of Django itself.
    """

    request_bases: re.Pattern[str]
    request_decorators: re.Pattern[str]
    receiver_decorators: frozenset[str]
    signal_senders: frozenset[str]
    signal_classes: frozenset[str]
    startup_bases: frozenset[str]
    startup_decorators: re.Pattern[str]
    hooks: re.Pattern[str]
    actions: re.Pattern[str]
    app_modules: tuple[str, ...]
    app_groups: re.Pattern[str]
    app_lists: re.Pattern[str]
    task_module_lists: re.Pattern[str]
    app_libraries: Mapping[str, str]
    affixes: tuple[str, ...]
    task_libraries: frozenset[str]
    builtin_tasks: frozenset[str]
    telling_migrations: Mapping[str, str]
    job_lists: Mapping[str, str]
    global_settings: re.Pattern[str]
    url_libraries: Mapping[str, str]
    own_urls: Mapping[str, Mapping[str, str]]


@functools.cache
def django_rules() -> DjangoRules:
    """The shipped rules, read once; the tests hold them to their schema."""
    data = read_plain(rules_dir() / "django.yaml")
    signals, startup = data["signals"], data["startup"]
    return DjangoRules(
        request_bases=_ending(data["request_bases"]),
        request_decorators=_ending(data["request_decorators"]),
        receiver_decorators=frozenset(signals["decorators"]),
        signal_senders=frozenset(signals["senders"]),
        signal_classes=frozenset(signals["classes"]),
        startup_bases=frozenset(startup["bases"]),
        startup_decorators=re.compile("|".join(startup["decorators"])),
        hooks=re.compile("|".join(data["hooks"])),
        actions=re.compile("|".join(data["actions"])),
        app_modules=tuple(data["app_modules"]),
        app_groups=_ending(data["app_groups"]),
        app_lists=re.compile("|".join(data["app_lists"]["apps"])),
        task_module_lists=re.compile("|".join(data["app_lists"]["task_modules"])),
        app_libraries=data["app_libraries"]["packages"],
        affixes=tuple(data["app_libraries"]["affixes"]),
        task_libraries=frozenset(data["task_libraries"]),
        builtin_tasks=frozenset(data["builtin_tasks"]),
        telling_migrations=data["telling_migrations"],
        job_lists=data["job_lists"],
        global_settings=re.compile("|".join(data["global_settings"])),
        url_libraries=data["url_libraries"],
        own_urls=data["own_urls"],
    )


def _ending(patterns: list[str]) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(patterns)})$")


__all__ = ["DjangoRules", "django_rules"]
