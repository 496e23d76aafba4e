"""Whether a request has a time limit after all: given by callers through `**kwargs`, by the session, by the process."""

from __future__ import annotations

from fnmatch import fnmatchcase

from extractor.checks.context import CheckContext
from extractor.evaluate.values import Inst, Mapping
from extractor.link.callgraph import Site
from extractor.link.effects import Effect
from extractor.link.request import Request
from extractor.program.module import Def, Module
from extractor.summary.expr import Attribute

MAX_UP = 3  # wrappers that hand `**kwargs` on


def lacks_timeout(program: CheckContext, effect: Effect) -> Request | None:
    """The reading of a call that has no time limit, or None when every reading has one or may have."""
    keywords = {name for request in effect.requests for name in _keywords(request)}
    given = any(name in keywords for name, _expr in effect.site.call.kwargs)
    unlimited = () if given else tuple(f for f in effect.requests if _unlimited(program, f))
    request = next((f for f in effect.requests if f.timeout == "no" or f in unlimited), None)
    if request is None or _library_limits(program, request) or _session_limits(program, effect.site):
        return None
    spread = request not in unlimited and _spreads_unknown(program, effect.site)
    if spread and not _some_caller_gives_none(program, effect.site.owner, _keywords(request), MAX_UP):
        return None
    return request


def _keywords(request: Request) -> tuple[str, ...]:
    """What the time limit of a call is called."""
    return request.rule.timeout.keywords if request.rule.timeout is not None else ()


def _unlimited(program: CheckContext, request: Request) -> bool:
    """True for a library that a setting would limit, in a service whose settings are known and hold no such one."""
    by_setting = request.timeout == "unknown" and request.rule.limit.setting and program.settings
    return bool(by_setting) and not _library_limits(program, request)


def _library_limits(program: CheckContext, request: Request) -> bool:
    """True when a setting of a service, or a call of the repository, limits every call of the library."""
    limit = request.rule.limit
    if limit.call and limit.call in program.called:
        return True
    names = (name for view in program.settings for name in view.names())
    return bool(limit.setting) and any(fnmatchcase(name, limit.setting) for name in names)


def _spreads_unknown(program: CheckContext, site: Site) -> bool:
    """True when `**options` is handed on whose contents are not known here."""
    frame = program.ev.frame(site.owner)
    spread = [expr for name, expr in site.call.kwargs if name is None]
    return any(
        not values or any(not isinstance(v, Mapping) or v.open for v in values)
        for values in (program.ev.eval(expr, frame) for expr in spread)
    )


def _some_caller_gives_none(program: CheckContext, owner: Def, keywords: tuple[str, ...], depth: int) -> bool:
    """True when a caller is seen that neither gives a time limit nor hands on options that may hold one."""
    for site in program.callers.get(owner, ()):
        names = [name for name, _expr in site.call.kwargs]
        if any(keyword in names for keyword in keywords):
            continue
        if None not in names or not _spreads_unknown(program, site):
            return True
        if depth > 0 and _some_caller_gives_none(program, site.owner, keywords, depth - 1):
            return True
    return False


def _session_limits(program: CheckContext, site: Site) -> bool:
    """True when the session is of a class of the code that sends in its own way, or is given such an adapter."""
    func = site.call.func
    if not isinstance(func, Attribute):
        return False
    for value in program.ev.eval(func.base, program.ev.frame(site.owner)):
        if isinstance(value, Inst) and any(program.ev.classes.member(value.cls, name) for name in ("request", "send")):
            return True
    return _replaces_sending(program, site.owner.module)


def _replaces_sending(program: CheckContext, module: Module) -> bool:
    """True when a module assigns `session.request = ...` or mounts an adapter of its own on a session."""
    for name, scope in module.summary.scopes.items():
        if any(attr in ("request", "send") for _base, attr, _value, _line in scope.attrs):
            return True
        frame = program.ev.frame(module.define(name))
        for call in scope.calls:
            if not isinstance(call.func, Attribute) or call.func.name != "mount":
                continue
            for value in (v for expr in call.args for v in program.ev.eval(expr, frame)):
                if isinstance(value, Inst) and program.ev.classes.member(value.cls, "send"):
                    return True
    return False
