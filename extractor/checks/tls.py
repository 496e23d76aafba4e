"""Checks of TLS: verification switched off, always or by a setting."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from extractor.checks.context import Scene, outside_path, receivers
from extractor.checks.diagnostics import Draft
from extractor.checks.outbound import at_site
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Const, Ext, Frame, Setting, Text, Value, Values
from extractor.link.callgraph import Site
from extractor.rules.findings import FindingRule
from extractor.summary import Value as Expr

_BUNDLE = re.compile(r"(^|[_.])(CA|CAS|BUNDLE|CERTS?|PEM|CHAIN|PATH|FILE)($|[_.])", re.IGNORECASE)


def tls_verify_disabled(scene: Scene, rule: FindingRule) -> Iterator[Draft]:
    """Clients that accept any certificate (of the rule's severity), or do so when a setting says so (low)."""
    words, clients, functions = rule.option("keywords"), rule.option("clients"), rule.option("functions")
    for site in scene.sites():
        path = next((path for func in site.funcs if (path := outside_path(func))), "")
        if path in functions:
            if scene.contexts(site.owner):
                yield at_site(rule, scene, site, f"{path}() makes a context that accepts any certificate", path)
        elif (
            any(name in words for name, _expr in site.call.kwargs)
            and (path.split(".", 1)[0] in clients or _is_client(scene, site, clients))
            and scene.contexts(site.owner)
        ):
            yield from _at_call(scene, rule, site, words)
    yield from _wrapped(scene, rule)
    yield from _assigned(scene, rule, words, clients)


def _is_client(scene: Scene, site: Site, clients: tuple[str, ...]) -> bool:
    return any(
        made.path.split(".", 1)[0] in clients
        for func in site.funcs
        for made in receivers(func)
        if isinstance(made, Ext)
    )


def _at_call(scene: Scene, rule: FindingRule, site: Site, words: tuple[str, ...]) -> Iterator[Draft]:
    frame = scene.ev.frame(site.owner)
    for name, expr in site.call.kwargs:
        if name not in words:
            continue
        off, setting = switched_off(scene.ev, expr, frame)
        if off:
            message = f"{name}={off} switches the check of the server's certificate off"
            yield at_site(rule, scene, site, message, _subject(scene, site), scene.rows_of(site))
        elif setting and not _BUNDLE.search(setting):
            yield _low(rule, scene, site, f"the setting {setting} can switch the check of certificates off", setting)


def _low(rule: FindingRule, scene: Scene, site: Site, message: str, subject: str) -> Draft:
    draft = at_site(rule, scene, site, message, subject, scene.rows_of(site))
    return dataclasses.replace(draft, severity="low")


def switched_off(ev: Evaluator, expr: Expr, frame: Frame) -> tuple[str, str]:
    """The literal that switches a check off ("" when none does), and the setting that may ("" when none)."""
    negated = expr[0] == "u" and expr[1] == "not"
    values: Values = ev.eval(expr[2] if negated else expr, frame)
    if negated:
        return ("False", "") if _has(values, True) else ("", _setting(values))
    for value in values:
        if isinstance(value, Const) and (value.value is False or (value.value == 0 and value.type == "int")):
            return str(value.value), ""
        if value in (Text(("CERT_NONE",)), Ext("ssl.CERT_NONE")):
            return "CERT_NONE", ""
    return "", _setting(values)


def _has(values: Values, wanted: bool) -> bool:
    return any(isinstance(v, Const) and v.value is wanted for v in values)


def _setting(values: Values) -> str:
    return next((".".join((v.name, *v.path)) for v in values if isinstance(v, Setting)), "")


def _subject(scene: Scene, site: Site) -> str:
    rows = scene.rows_of(site)
    return next((row.system for row in rows if row.system), "") or next((row.via for row in rows), "client")


def _wrapped(scene: Scene, rule: FindingRule) -> Iterator[Draft]:
    """Calls of the code's own wrappers that hand `verify=False` down."""
    for effect in scene.effects:
        if len(effect.hops) > 1 and any(f.insecure for f in effect.facets) and scene.contexts(effect.site.owner):
            own = {name for name, _expr in effect.site.call.kwargs} & set(rule.option("keywords"))
            if own:
                yield from _at_call(scene, rule, effect.site, rule.option("keywords"))


def _assigned(scene: Scene, rule: FindingRule, words: tuple[str, ...], clients: tuple[str, ...]) -> Iterator[Draft]:
    """`session.verify = False` on a client."""
    for owner in scene.graph.sites:
        frame = scene.ev.frame(owner)
        for base, attr, expr, line in owner.scope.attrs:
            if attr not in words or not switched_off(scene.ev, expr, frame)[0] or not scene.contexts(owner):
                continue
            if any(_is_made(value, clients) for value in scene.ev.eval(base, frame)):
                yield Draft(
                    rule.id,
                    rule.severity_for(scene.contexts(owner)),
                    f"{attr} is switched off for every request of this client",
                    owner.module.path,
                    line,
                    line,
                    owner.shown,
                    f"client.{attr}",
                )


def _is_made(value: Value, clients: tuple[str, ...]) -> bool:
    return isinstance(value, Ext) and value.path.split(".", 1)[0] in clients
