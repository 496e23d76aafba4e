"""What Django's own pattern objects put in front: `LocalePrefixPattern()`, `RegexPattern("^x/")`, `RoutePattern("x/")`.

Source: `django.urls.resolvers`. A project's own `i18n_patterns` hands them to `URLResolver(pattern, list)`.
"""

from __future__ import annotations

from collections.abc import Sequence

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.references import Reference, names_of, references
from extractor.evaluate.values import Const
from extractor.link.routes import patterns
from extractor.link.routes.texts import SettingTexts, unknown_name
from extractor.rules.routes import route_rules

_LANGUAGE = patterns.Pattern("<language>/", (("language", "[a-z]{2}(-[a-z]+)?"),))


def language(or_without: bool = False) -> patterns.Pattern:
    """The language in front; `or_without`: the default language is served without it as well."""
    return _LANGUAGE.or_without() if or_without else _LANGUAGE


def prefix_of(ev: Evaluator, place: Reference, texts: SettingTexts) -> patterns.Pattern:
    """The pattern that a pattern object at a place is; one unknown part where it cannot be told."""
    for found in references(ev, place):
        call = found.call if isinstance(found, Reference) else None
        if not isinstance(found, Reference) or call is None:
            continue
        kind = _kind(names_of(ev, found.at(call.func)))
        named = dict(call.kwargs)
        if kind == "languages":
            given = call.args[0] if call.args else named.get("prefix_default_language")
            values = ev.eval(given, found.frame) if given is not None else ()
            return language(any(isinstance(value, Const) and value.value is False for value in values))
        first = call.args[0] if call.args else named.get("regex", named.get("route"))
        if kind is not None and first is not None:
            values = ev.eval(first, found.frame)
            if literals := texts.literals(values):
                return patterns.joined(patterns.EMPTY, literals[0], kind == "regex")
            return patterns.unknown(unknown_name(values))
    return patterns.unknown("prefix")


def _kind(names: Sequence[str]) -> str | None:
    objects = route_rules().functions.objects
    return next((objects[name] for name in names if name in objects), None)
