"""Checks of settings that code reads and nothing defines."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.checks.check import check
from extractor.checks.context import CheckContext
from extractor.checks.diagnostics import Diagnostic
from extractor.rules.findings import FindingRule
from extractor.text.urls import settings_in


@check("undefined-setting", CheckContext)
def undefined_setting(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Requests below a setting that no settings module defines: reading it raises before anything is sent. Where some
    of the settings were not read, nothing is said."""
    told: set[tuple[str, int, str]] = set()
    for call in program.calls:
        if call.contexts[0].kind == "unknown":
            continue
        for name in settings_in(call.url):
            place = (call.path, call.line, name)
            if place not in told and program.settings and all(one.is_undefined(name) for one in program.settings):
                told.add(place)
                message = f"the setting {name} is read here and defined nowhere: reading it raises AttributeError"
                severity = rule.severity_for(call.contexts)
                yield Diagnostic(
                    rule.id, severity, message, call.path, call.line, call.end_line, call.function, name, (call.id,)
                )
