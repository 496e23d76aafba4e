"""Whether a request has a time limit after all: given by callers through `**kwargs`, by the session, by the process."""

from __future__ import annotations

from fnmatch import fnmatchcase

from extractor.checks.context import CheckContext
from extractor.evaluate.values import DefRef, Ext, Inst, Mapping
from extractor.link.callgraph import Site
from extractor.link.effects import Effect
from extractor.link.request import Request
from extractor.program.module import Def
from extractor.summary import Expr
from extractor.summary.expr import Attribute, CallResult, Local

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
    values = program.ev.eval(func.base, program.ev.frame(site.owner))
    if values and all(isinstance(value, Ext) and "(" not in value.path for value in values):
        return False  # a function of the library itself, which has no session
    for value in values:
        if isinstance(value, Inst) and any(program.ev.classes.member(value.cls, name) for name in ("request", "send")):
            return True
    return any(_replaces_sending(program, maker) for maker in _makers(program, site, func.base))


def _makers(program: CheckContext, site: Site, base: Expr) -> tuple[Def, ...]:
    """The functions in which a session may be made fit: the one that gives it, that of the call where it is made there,
    and every one of the module where it comes from elsewhere."""
    scope, frame = site.owner.scope, program.ev.frame(site.owner)
    todo = [scope.defs[at][1] for at in base.definitions] if isinstance(base, Local) else [base]
    made = [scope.calls[one.call].func for one in todo if isinstance(one, CallResult)]
    values = [value for func in made for value in program.ev.eval(func, frame)]
    if not values or len(made) < len(todo):
        module = site.owner.module
        return tuple(module.define(name) for name in module.summary.scopes)
    return tuple(dict.fromkeys(value.target if isinstance(value, DefRef) else site.owner for value in values))


def _replaces_sending(program: CheckContext, maker: Def) -> bool:
    """True when a function assigns `session.request = ...` or mounts an adapter of its own on a session."""
    if any(attr in ("request", "send") for _base, attr, _value, _line in maker.scope.attrs):
        return True
    frame = program.ev.frame(maker)
    mounts = [c for c in maker.scope.calls if isinstance(c.func, Attribute) and c.func.name == "mount"]
    given = (value for call in mounts for expr in call.args for value in program.ev.eval(expr, frame))
    return any(isinstance(value, Inst) and program.ev.classes.member(value.cls, "send") for value in given)
