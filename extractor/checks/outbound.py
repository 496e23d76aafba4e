"""Checks of requests: no timeout, a URL or host written into the code, plain http."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence

from extractor.checks.check import check
from extractor.checks.constants import constant_with
from extractor.checks.context import CheckContext, literals, outside_path
from extractor.checks.diagnostics import Diagnostic
from extractor.checks.timeouts import lacks_timeout
from extractor.diff.identity import asked_url, canonical_url
from extractor.evaluate import folding
from extractor.evaluate.arguments import arguments
from extractor.evaluate.values import DefRef, Hole, Text, Value
from extractor.link.callgraph import Site
from extractor.link.effects import Effect
from extractor.link.request import Request
from extractor.model.graph import Call, Context
from extractor.program.module import Def
from extractor.rules.findings import FindingRule
from extractor.text.masking import masked_text
from extractor.text.urls import UNKNOWN, has_literal, head_kind, host_of, is_local, path_of, scheme_of


@check("no-timeout", CheckContext)
def no_timeout(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Requests that may wait for ever, at the line that sends them; the calls of an SDK once in each function."""
    sdk: dict[tuple[Def, str], list[Effect]] = {}
    for effect in program.effects:
        if len(effect.hops) > 1 or all(f.rule.effect == "store" for f in effect.requests):
            continue
        request = lacks_timeout(program, effect)
        contexts = program.contexts(effect.site.owner)
        if request is None or not contexts:
            continue
        if request.rule.effect == "sdk":
            sdk.setdefault((effect.site.owner, request.via.split("(", 1)[0]), []).append(effect)
            continue
        rows = program.rows_of(effect.site)
        method = request.methods[0] if len(request.methods) == 1 else ""
        url = shown(request.urls[0]) if request.urls else ""
        system = next((row.system for row in rows if row.system), "")
        message = f"{effect.via} {_towards(system, url)}has no timeout: {_who_waits(contexts)} as long as it takes"
        subject = _asked(effect, system, method, url)
        yield at_site(rule, program, effect.site, message, subject, rows)
    for (owner, client), effects in sdk.items():
        yield _sdk(program, rule, owner, client, effects)


def _sdk(program: CheckContext, rule: FindingRule, owner: Def, client: str, effects: Sequence[Effect]) -> Diagnostic:
    """One draft for the calls of an SDK in a function: where it makes the client, else at the first of the calls."""
    made = [site for site in program.graph.sites[owner] if any(outside_path(func) == client for func in site.funcs)]
    first = min(made or [effect.site for effect in effects], key=lambda site: (site.call.line, site.call.end_line))
    rows = tuple(dict.fromkeys(row for effect in effects for row in program.rows_of(effect.site)))
    count = "a call" if len(effects) == 1 else f"{len(effects)} calls"
    message = f"{count} of {client} with no timeout: {_who_waits(program.contexts(owner))} as long as it takes"
    return at_site(rule, program, first, message, f"sdk {client}", rows)


def _asked(effect: Effect, system: str, method: str, url: str) -> str:
    """What a request is about: method and URL, without the setting that holds its base, which outlive a renamed setting
    and a system that was not known. Where no part of the path is known, what is called, of which system."""
    known = has_literal(path_of(url))
    return f"{method} {asked_url(url)}" if known else f"{system} {method} {effect.via}"


def _towards(system: str, url: str) -> str:
    return f"to {system} " if system else f"to {url} " if url and head_kind(url) != UNKNOWN else ""


def _who_waits(contexts: Iterable[Context]) -> str:
    kinds = {context.kind for context in contexts}
    if "request" in kinds or "signal" in kinds:
        return "a web worker and its user may wait"
    if "task" in kinds:
        return "a Celery worker may wait"
    return "the process may wait"


@check("hardcoded-url", CheckContext)
def hardcoded_url(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Requests to a URL that stands in the code, at the line nearest to the request where it is known."""
    return _hardcoded(program, rule, whole_url=True)


@check("hardcoded-host", CheckContext)
def hardcoded_host(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Requests to a host that stands in the code without a scheme, there too."""
    return _hardcoded(program, rule, whole_url=False)


def _hardcoded(program: CheckContext, rule: FindingRule, whole_url: bool) -> Iterator[Diagnostic]:
    for effect, url in _settled(program, _literal_head):
        whole = shown(url)
        if bool(scheme_of(whole)) is not whole_url:
            continue
        host = host_of(whole, bare=True)
        contexts = program.contexts(effect.site.owner)
        if not contexts or is_local(host, private=True) or not _written_here(program, effect, host):
            continue
        message = f"{effect.via} requests {whole}: the address stands in the code and no setting changes it"
        yield _where_written(rule, program, effect, host, message, whole)


@check("plain-http", CheckContext)
def plain_http(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Requests whose scheme is written as `http`, except to names that mean this machine or this deployment."""
    for effect, url in _settled(program, _is_plain):
        whole = shown(url)
        contexts = program.contexts(effect.site.owner)
        if not contexts or _is_local_target(program, url) or not _written_here(program, effect, whole):
            continue
        message = f"{effect.via} requests {whole} unencrypted"
        yield _where_written(rule, program, effect, "http://", message, whole)


def _where_written(
    rule: FindingRule, program: CheckContext, effect: Effect, needle: str, message: str, whole: str
) -> Diagnostic:
    """A draft at the constant of a module or class that holds the address, where there is one, else at the call."""
    diagnostic = at_site(rule, program, effect.site, message, canonical_url(whole), program.rows_of(effect.site))
    call = effect.site.call
    expressions = (*call.args, *(value for _name, value in call.kwargs), call.func)
    found = next(filter(None, (constant_with(program.ev, e, effect.site.owner, needle) for e in expressions)), None)
    if found is None:
        return diagnostic
    module, line, text = found
    return dataclasses.replace(
        diagnostic,
        path=module.path,
        line=line,
        end_line=line,
        subject=masked_text(text),
        message=f"{message} ({effect.site.owner.module.path}:{call.line})",
    )


def at_site(
    rule: FindingRule, program: CheckContext, site: Site, message: str, subject: str, rows: Sequence[Call] = ()
) -> Diagnostic:
    """A draft at a call expression."""
    owner = site.owner
    return Diagnostic(
        rule.id,
        rule.severity_for(program.contexts(owner)),
        message,
        owner.module.path,
        site.call.line,
        site.call.end_line,
        owner.shown,
        subject,
        tuple(sorted(row.id for row in rows)),
    )


def shown(url: Text) -> str:
    """A URL as a template for people, its secrets masked."""
    return masked_text(folding.show(url))


def _settled(program: CheckContext, holds: Callable[[Text], bool]) -> Iterator[tuple[Effect, Text]]:
    """Effects with a URL of which `holds` is true, but for those that owe it to a site further down."""
    told: set[int] = set()
    for effect in sorted(program.effects, key=lambda e: len(e.hops)):
        if any(id(hop) in told for hop in effect.hops[1:]):
            continue
        urls = [
            u for f in effect.requests if f.rule.effect != "store" for u in f.urls if holds(u) and not _by_rule(f, u)
        ]
        if urls:
            told.add(id(effect.site))
        for url in dict.fromkeys(urls):
            yield effect, url


def _literal_head(url: Text) -> bool:
    head = url.parts[0] if url.parts else None
    if not isinstance(head, str):
        return False
    host = host_of(head, bare=True)
    if scheme_of(head):  # a hole right behind the host's first letters leaves the host open
        return "." in host and (len(url.parts) == 1 or "/" in head.split("://", 1)[1])
    return "." in host and url.literal is not None and "/" not in head and " " not in head


def _is_plain(url: Text) -> bool:
    head = url.parts[0] if url.parts else None
    return isinstance(head, str) and scheme_of(head) == "http"


def _is_local_target(program: CheckContext, url: Text) -> bool:
    """True when the host is local, or comes from a setting whose known values all are; an open host may be."""
    host = host_of(folding.show(url), bare=True)
    if host:
        return is_local(host, private=True)
    hole = url.parts[1] if len(url.parts) > 1 else None
    if not isinstance(hole, Hole) or hole.kind != "setting":
        return True
    known = [text for view in program.settings for text in literals(view.raw(hole.name.split(".")[0]))]
    return not known or all(is_local(host_of(text, bare=True), private=True) for text in known)


def _by_rule(request: Request, url: Text) -> bool:
    """True when the URL is the one that the library fixes: it stands in no code of the repository."""
    fixed = [place.text for place in (request.rule.url, request.rule.base) if place is not None and place.text]
    host = host_of(folding.show(url), bare=True)
    return any(scheme_of(text) and host_of(text) == host for text in fixed)


def _written_here(program: CheckContext, effect: Effect, needle: str) -> bool:
    """False when a URL stands inside a library that the site enters, not in the repository's own code."""
    if not any(_is_library(func) for func in effect.hops[-1].funcs):
        return True
    args, kwargs = arguments(program.ev, effect.site.call, program.ev.frame(effect.site.owner))
    given = [*args, *(values for _name, values in kwargs)]
    return any(needle in folding.show(value) for values in given for value in values)


def _is_library(func: Value) -> bool:
    return isinstance(func, DefRef) and not func.target.module.in_repo
