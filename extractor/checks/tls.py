"""Checks of TLS: verification switched off, always or by a setting."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

from extractor.checks.check import check
from extractor.checks.context import CheckContext, outside_path, receivers
from extractor.checks.diagnostics import Diagnostic
from extractor.checks.outbound import at_site
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Ext, Frame, SettingRef, Values
from extractor.link.callgraph import Site
from extractor.link.request import switching_off
from extractor.rules.clients import TlsSwitch
from extractor.rules.findings import FindingRule
from extractor.summary import Expr
from extractor.summary.expr import Negation

# What switches the check off, by the name of the argument or attribute.
Switches = Mapping[str, TlsSwitch]

_BUNDLE = re.compile(r"(^|[_.])(CA|CAS|BUNDLE|CERTS?|PEM|CHAIN|PATH|FILE)($|[_.])", re.IGNORECASE)


@check("tls-verify-disabled", CheckContext)
def tls_verify_disabled(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Clients that accept any certificate (of the rule's severity), or do so when a setting says so (low)."""
    functions, names = rule.option("functions"), program.book.tls_names()
    for site in program.sites():
        path = next((path for func in site.funcs if (path := outside_path(func))), "")
        if path in functions:
            if program.contexts(site.owner):
                yield at_site(rule, program, site, f"{path}() makes a context that accepts any certificate", path)
        elif any(name in names for name, _expr in site.call.kwargs) and program.contexts(site.owner):
            yield from _at_call(program, rule, site, _switches(program, site, path))
    yield from _wrapped(program, rule)
    yield from _assigned(program, rule)


def _switches(program: CheckContext, site: Site, path: str) -> Switches:
    """What the call, or a method of the object it is called on, takes for switching the check of certificates off."""
    made = [holder.path for func in site.funcs for holder in receivers(func) if isinstance(holder, Ext)]
    return {name: s for known in reversed((path, *made)) for name, s in program.book.tls_switches(known).items()}


def _at_call(program: CheckContext, rule: FindingRule, site: Site, switches: Switches) -> Iterator[Diagnostic]:
    frame = program.ev.frame(site.owner)
    for name, expr in site.call.kwargs:
        switch = switches.get(name or "")
        if switch is None or _as_encrypted(program, site, switch, program.ev.eval(expr, frame)):
            continue
        off, setting = switched_off(program.ev, expr, frame, switch)
        if off:
            message = f"{name}={off} switches the check of the server's certificate off"
            yield at_site(rule, program, site, message, _subject(program, site), program.rows_of(site))
        elif setting and not _BUNDLE.search(setting):
            yield _low(rule, program, site, f"the setting {setting} can switch the check of certificates off", setting)


def _as_encrypted(program: CheckContext, site: Site, switch: TlsSwitch, values: Values) -> bool:
    """True when certificates are checked just where the connection is a TLS one: `use_ssl=tls, verify_certs=tls`."""
    given = dict(site.call.kwargs).get(switch.encrypts)
    return given is not None and program.ev.eval(given, program.ev.frame(site.owner)) == values


def _low(rule: FindingRule, program: CheckContext, site: Site, message: str, subject: str) -> Diagnostic:
    diagnostic = at_site(rule, program, site, message, subject, program.rows_of(site))
    return dataclasses.replace(diagnostic, severity="low")


def switched_off(ev: Evaluator, expr: Expr, frame: Frame, switch: TlsSwitch) -> tuple[str, str]:
    """The value that switches a check off ("" when none does), and the setting that may ("" when none)."""
    if not isinstance(expr, Negation):
        values = ev.eval(expr, frame)
        return switching_off(values, switch.off), _setting(values)
    values = ev.eval(expr.operand, frame)
    opposite = tuple(not value for value in switch.off if isinstance(value, bool))
    return str(not opposite[0]) if opposite and switching_off(values, opposite) else "", _setting(values)


def _setting(values: Values) -> str:
    return next((".".join((v.name, *v.path)) for v in values if isinstance(v, SettingRef)), "")


def _subject(program: CheckContext, site: Site) -> str:
    rows = program.rows_of(site)
    return next((row.system for row in rows if row.system), "") or next((row.via for row in rows), "client")


def _wrapped(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Calls of the code's own wrappers that hand `verify=False` down."""
    for effect in program.effects:
        insecure = [request.rule for request in effect.requests if request.insecure]
        if len(effect.hops) > 1 and insecure and program.contexts(effect.site.owner):
            yield from _at_call(program, rule, effect.site, {switch.name: switch for switch in insecure[0].tls})


def _assigned(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """`session.verify = False` on a client."""
    names = program.book.tls_names()
    for owner in program.graph.sites:
        frame = program.ev.frame(owner)
        for base, attr, expr, line in owner.scope.attrs:
            if attr not in names or not program.contexts(owner):
                continue
            objects = [value.path for value in program.ev.eval(base, frame) if isinstance(value, Ext)]
            switches = filter(None, (program.book.tls_switches(path).get(attr) for path in objects))
            if any(switched_off(program.ev, expr, frame, switch)[0] for switch in switches):
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
