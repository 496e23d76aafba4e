"""Checks of TLS: verification switched off, always or by a setting."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from extractor.checks.check import check
from extractor.checks.context import CheckContext, outside_path, receivers
from extractor.checks.diagnostics import Diagnostic
from extractor.checks.outbound import at_site
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Const, Ext, Frame, SettingRef, Text, Value, Values
from extractor.link.callgraph import Site
from extractor.rules.findings import FindingRule
from extractor.summary import Expr
from extractor.summary.expr import Negation

_BUNDLE = re.compile(r"(^|[_.])(CA|CAS|BUNDLE|CERTS?|PEM|CHAIN|PATH|FILE)($|[_.])", re.IGNORECASE)


@check("tls-verify-disabled", CheckContext)
def tls_verify_disabled(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Clients that accept any certificate (of the rule's severity), or do so when a setting says so (low)."""
    words, clients, functions = rule.option("keywords"), rule.option("clients"), rule.option("functions")
    for site in program.sites():
        path = next((path for func in site.funcs if (path := outside_path(func))), "")
        if path in functions:
            if program.contexts(site.owner):
                yield at_site(rule, program, site, f"{path}() makes a context that accepts any certificate", path)
        elif (
            any(name in words for name, _expr in site.call.kwargs)
            and (path.split(".", 1)[0] in clients or _is_client(program, site, clients))
            and program.contexts(site.owner)
        ):
            yield from _at_call(program, rule, site, words)
    yield from _wrapped(program, rule)
    yield from _assigned(program, rule, words, clients)


def _is_client(program: CheckContext, site: Site, clients: tuple[str, ...]) -> bool:
    return any(
        made.path.split(".", 1)[0] in clients
        for func in site.funcs
        for made in receivers(func)
        if isinstance(made, Ext)
    )


def _at_call(program: CheckContext, rule: FindingRule, site: Site, words: tuple[str, ...]) -> Iterator[Diagnostic]:
    frame = program.ev.frame(site.owner)
    for name, expr in site.call.kwargs:
        if name not in words:
            continue
        off, setting = switched_off(program.ev, expr, frame)
        if off:
            message = f"{name}={off} switches the check of the server's certificate off"
            yield at_site(rule, program, site, message, _subject(program, site), program.rows_of(site))
        elif setting and not _BUNDLE.search(setting):
            yield _low(rule, program, site, f"the setting {setting} can switch the check of certificates off", setting)


def _low(rule: FindingRule, program: CheckContext, site: Site, message: str, subject: str) -> Diagnostic:
    diagnostic = at_site(rule, program, site, message, subject, program.rows_of(site))
    return dataclasses.replace(diagnostic, severity="low")


def switched_off(ev: Evaluator, expr: Expr, frame: Frame) -> tuple[str, str]:
    """The literal that switches a check off ("" when none does), and the setting that may ("" when none)."""
    if isinstance(expr, Negation):
        values = ev.eval(expr.operand, frame)
        return ("False", "") if _has(values, True) else ("", _setting(values))
    values = ev.eval(expr, frame)
    for value in values:
        if isinstance(value, Const) and (value.value is False or (value.value == 0 and value.type == "int")):
            return str(value.value), ""
        if value in (Text(("CERT_NONE",)), Ext("ssl.CERT_NONE")):
            return "CERT_NONE", ""
    return "", _setting(values)


def _has(values: Values, wanted: bool) -> bool:
    return any(isinstance(v, Const) and v.value is wanted for v in values)


def _setting(values: Values) -> str:
    return next((".".join((v.name, *v.path)) for v in values if isinstance(v, SettingRef)), "")


def _subject(program: CheckContext, site: Site) -> str:
    rows = program.rows_of(site)
    return next((row.system for row in rows if row.system), "") or next((row.via for row in rows), "client")


def _wrapped(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Calls of the code's own wrappers that hand `verify=False` down."""
    for effect in program.effects:
        if len(effect.hops) > 1 and any(f.insecure for f in effect.requests) and program.contexts(effect.site.owner):
            own = {name for name, _expr in effect.site.call.kwargs} & set(rule.option("keywords"))
            if own:
                yield from _at_call(program, rule, effect.site, rule.option("keywords"))


def _assigned(
    program: CheckContext, rule: FindingRule, words: tuple[str, ...], clients: tuple[str, ...]
) -> Iterator[Diagnostic]:
    """`session.verify = False` on a client."""
    for owner in program.graph.sites:
        frame = program.ev.frame(owner)
        for base, attr, expr, line in owner.scope.attrs:
            if attr not in words or not switched_off(program.ev, expr, frame)[0] or not program.contexts(owner):
                continue
            if any(_is_made(value, clients) for value in program.ev.eval(base, frame)):
                yield Diagnostic(
                    rule.id,
                    rule.severity_for(program.contexts(owner)),
                    f"{attr} is switched off for every request of this client",
                    owner.module.path,
                    line,
                    line,
                    owner.shown,
                    f"client.{attr}",
                )


def _is_made(value: Value, clients: tuple[str, ...]) -> bool:
    return isinstance(value, Ext) and value.path.split(".", 1)[0] in clients
