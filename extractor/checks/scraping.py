"""Checks of scraping: pages read as if they were an API, codes taken out of redirects, sessions forged."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from extractor.checks.check import check
from extractor.checks.context import CheckContext, Response
from extractor.checks.diagnostics import Diagnostic
from extractor.checks.outbound import at_site, shown
from extractor.diff.identity import canonical_url
from extractor.evaluate.arguments import arguments
from extractor.evaluate.values import Ext, Kwargs, SettingRef, Text, Values
from extractor.link.callgraph import Site
from extractor.rules.findings import FindingRule

_BODY = re.compile(r"(\.(text|content|body|data|raw|read\(\)|decode\(\)|getvalue\(\)|strip\(\)))*")
_REDIRECT = re.compile(r"\.url(\.(query|fragment|params))?|\.geturl\(\)|\.headers(\[\]|\.get\(\))|\.history.*")


@check("html-scrape", CheckContext)
def html_scrape(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Pages of another system that are taken apart with an HTML parser or a pattern."""
    parsers, patterns, compiled = rule.option("parsers"), rule.option("patterns"), rule.option("compiled_patterns")
    looked_for = frozenset((*parsers, *patterns, *compiled))
    for site in program.sites():
        for func in site.funcs:
            if not isinstance(func, Ext) or func.path not in looked_for:
                continue
            args, kwargs = arguments(program.ev, site.call, program.ev.frame(site.owner))
            position = 1 if func.path in patterns else 0
            document = args[position] if len(args) > position else dict(kwargs).get("markup", ())
            if func.path in parsers and _reads_xml(args[1:2], kwargs):
                continue
            found = _first(program, document, _BODY)
            if found is not None and program.contexts(site.owner):
                what = "an HTML parser" if func.path in parsers else "a pattern"
                url = _url(found)
                message = f"the page {url or 'answered by ' + found.request.via} is read with {what} ({func.path})"
                yield at_site(
                    rule, program, site, message, canonical_url(url) or found.request.via, program.rows_of(site)
                )
                break


@check("token-scrape", CheckContext)
def token_scrape(program: CheckContext, rule: FindingRule) -> Iterator[Diagnostic]:
    """Codes and tokens read off the address that a request was led to, and cookies that pass for a user's session."""
    readers, makers = rule.option("query_readers"), rule.option("cookie_makers")
    for site in program.sites():
        for func in site.funcs:
            if not isinstance(func, Ext) or not (func.path in readers or func.path.endswith(makers)):
                continue
            if not program.contexts(site.owner):
                continue
            args, kwargs = arguments(program.ev, site.call, program.ev.frame(site.owner))
            if func.path in readers and args:
                found = _first(program, args[0], _REDIRECT)
                if found is not None:
                    url = _url(found)
                    message = f"a code is taken out of the address to which {url or found.request.via} redirects"
                    diagnostic = at_site(rule, program, site, message, canonical_url(url) or found.request.via)
                    yield dataclasses.replace(diagnostic, line=_first_look(program, site))
            elif func.path.endswith(makers):
                name = _session_cookie(args[0] if args else dict(kwargs).get("name", ()), rule)
                if name:
                    message = f"a session cookie ({name}) is made by hand, to pass for a signed-in user"
                    yield at_site(rule, program, site, message, f"cookie {name}")


def _first_look(program: CheckContext, site: Site) -> int:
    """The first line of the function that looks at where a request was led to, up to the site that reads the code."""
    lines = [site.call.line]
    for other in program.graph.sites[site.owner]:
        for func in other.funcs:
            found = program.response(func)
            if found is not None and found.path.startswith((".url.", ".geturl")) and other.call.line < site.call.line:
                lines.append(other.call.line)
    return min(lines)


def _reads_xml(features: tuple[Values, ...], kwargs: Kwargs) -> bool:
    given = [*features, dict(kwargs).get("features", ())]
    return any(isinstance(v, Text) and "xml" in (v.literal or "").split("-") for values in given for v in values)


def _first(program: CheckContext, values: Values, part: re.Pattern[str]) -> Response | None:
    """The first response of which the values are a part."""
    for value in program.alternatives(values):
        found = program.response(value)
        if found is not None and part.fullmatch(found.path):
            return found
    return None


def _url(found: Response) -> str:
    return shown(found.request.urls[0]) if found.request.urls else ""


def _session_cookie(values: Values, rule: FindingRule) -> str:
    for value in values:
        if isinstance(value, SettingRef) and value.name in rule.option("session_settings"):
            return f"settings.{value.name}"
        if isinstance(value, Text) and (value.literal or "").lower() in rule.option("session_cookies"):
            return value.literal or ""
    return ""
