"""Checks of credentials: secrets written into a request, into a client's making, or as the default of a setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from extractor.checks.check import check
from extractor.checks.context import CheckContext, SettingsView, literals, receivers
from extractor.checks.diagnostics import Diagnostic
from extractor.checks.outbound import at_site
from extractor.evaluate import folding
from extractor.evaluate.arguments import arguments
from extractor.evaluate.values import Ext, Kwargs, Mapping, Seq, Text, Value, Values
from extractor.link.callgraph import Site
from extractor.rules.findings import FindingRule
from extractor.text.masking import is_secret_name
from extractor.text.placeholders import is_placeholder, looks_random
from extractor.text.shapes import MASKED_KEY, MASKS
from extractor.text.urls import parameters_in, password_in
from extractor.text.words import words_of

_SCHEME = re.compile(r"^(?:basic|bearer|token|jwt|apikey|key)\s+(\S+)$", re.IGNORECASE)
_SECRET_KEY = re.compile(  # the last word of a header or field that holds a secret
    r"(password|passwd|secret|token|credentials?|api[-_]?key|(access|secret|private|auth)[-_]?key)$",
    re.IGNORECASE,
)


@check("hardcoded-credential", CheckContext)
def hardcoded_credential(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Secrets written into what is sent, or into the default of a setting."""
    yield from _in_requests(program, rule)
    yield from _in_settings(program, rule)


def _in_requests(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Secrets given as text to a call that sends something, or to the making of its client."""
    for site, via in _sending(program):
        found = next(iter(_given(program, site, rule)), "")
        if found and program.contexts(site.owner):
            rows = program.rows_of(site)
            system = next((row.system for row in rows if row.system), "")
            message = f"{via} is given {found} that is written into the code"
            yield at_site(rule, program, site, message, f"{system} {found}", rows)


def _sending(program: CheckContext) -> list[tuple[Site, str]]:
    """The sites that send something, and by what. A site is a mutable row: it is told apart by its identity."""
    found = {id(e.site): e for e in program.effects if any(f.rule.effect != "store" for f in e.requests)}
    return [(effect.site, effect.via) for effect in found.values()]


def _given(program: CheckContext, site: Site, rule: FindingRule) -> Iterator[str]:
    """What secrets a call is given, in words that do not repeat them."""
    args, kwargs = arguments(program.ev, site.call, program.ev.frame(site.owner))
    yield from _in_arguments(kwargs, rule)
    for values in (*args, *(values for _name, values in kwargs)):
        for value in values:
            yield from _in_url(folding.show(value) if isinstance(value, Text) else "")
    for func in site.funcs:
        for made in receivers(func):
            yield from _in_arguments(made.kwargs if isinstance(made, Ext) else (), rule)


def _in_arguments(kwargs: Kwargs, rule: FindingRule) -> Iterator[str]:
    for name, values in kwargs:
        for value in values:
            if name == "auth":
                yield from _in_auth(value)
            elif name in rule.option("bodies"):
                yield from _in_mapping(value, name)
            elif name in rule.option("arguments") and _is_secret(value):
                yield f"{name}="


def _in_auth(value: Value) -> Iterator[str]:
    """`("user", "password")`, `HTTPBasicAuth("user", "password")`."""
    pair: tuple[Values, ...] = ()
    if isinstance(value, Seq) and not value.open:
        pair = value.items
    elif isinstance(value, Ext) and value.path.endswith("Auth()"):
        pair = value.args or tuple(values for name, values in value.kwargs if name == "password")
    for values in pair[-1:]:
        if any(_is_secret(v) for v in values):
            yield "a password in auth="


def _in_mapping(value: Value, where: str) -> Iterator[str]:
    """Headers, bodies and parameters with a secret's name."""
    if not isinstance(value, Mapping):
        return
    for keys, values in value.items:
        for key in literals(keys):
            if key.lower() == "authorization":
                found = any(m and _is_secret(Text((m[1],))) for t in literals(values) if (m := _SCHEME.match(t)))
            else:
                found = bool(_SECRET_KEY.search(key)) and any(_is_secret(v) for v in values)
            if found:
                yield f"{key} in {where}="


def _in_url(url: str) -> Iterator[str]:
    if (password := password_in(url)) and (password in MASKS or not is_placeholder(password)):
        yield "a password in the URL"
    for name, text in parameters_in(url):
        if _SECRET_KEY.search(name) and (text in MASKS or (len(text) >= 8 and not is_placeholder(text))):
            yield f"{name} in the URL"


def _is_secret(value: Value) -> bool:
    text = value.literal if isinstance(value, Text) else None
    return text is not None and (text in MASKS or (len(text) >= 4 and not is_placeholder(text)))


# settings --------------------------------------------------------------------------------------------------------


def _in_settings(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Settings that hold secrets and whose default is one: a deployment that sets nothing runs with it."""
    for view in program.settings:
        for name in view.names():
            if is_secret_name(name) and _default_is_secret(view, name, rule):
                where = view.where(name)
                if where is not None:
                    yield Diagnostic(
                        rule.id,
                        "medium",
                        f"the setting {name} has a secret as its default, which is public",
                        where.path,
                        where.line,
                        where.end_line,
                        "",
                        f"setting {name}",
                    )


def _default_is_secret(view: SettingsView, name: str, rule: FindingRule) -> bool:
    texts = list(literals(view.raw(name)))
    if name in rule.option("always_secret"):
        return any(texts)
    if set(words_of(name)).intersection(rule.option("public_words")):
        return False
    texts = [text for text in texts if not any(fnmatchcase(text, glob) for glob in rule.option("public_keys"))]
    return any(text == MASKED_KEY or looks_random(text) for text in texts)
