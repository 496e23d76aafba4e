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
_PROCESS_WIDE = ("urllib.request.", "http.client.", "ftplib.", "smtplib.")


def lacks_timeout(program: CheckContext, effect: Effect, by_setting: tuple[str, ...] = ()) -> Request | None:
    """The reading of a call that has no time limit, or None when every reading has one or may have.

    `by_setting` names libraries that wait for ever unless a setting says otherwise: `path prefix` `glob of settings`.
    """
    given = any(name == "timeout" for name, _expr in effect.site.call.kwargs)
    unlimited = () if given else tuple(f for f in effect.requests if _unlimited(program, f, by_setting))
    request = next((f for f in effect.requests if f.timeout == "no" or f in unlimited), None)
    if request is not None and _setting_limits(program, request, by_setting):
        return None
    if request is None or _session_limits(program, effect.site) or _process_limits(program, request):
        return None
    spread = request not in unlimited and _spreads_unknown(program, effect.site)
    if spread and not _some_caller_gives_none(program, effect.site.owner, MAX_UP):
        return None
    return request


def _unlimited(program: CheckContext, request: Request, by_setting: tuple[str, ...]) -> bool:
    """True for a library that a setting would limit, in a service whose settings are known and hold no such one."""
    for prefix, pattern in (entry.split() for entry in by_setting):
        if request.timeout == "unknown" and request.via.startswith(prefix) and program.settings:
            return not _setting_limits(program, request, (f"{prefix} {pattern}",))
    return False


def _setting_limits(program: CheckContext, request: Request, by_setting: tuple[str, ...]) -> bool:
    """True when a setting of a service limits the library of a call."""
    names = [name for view in program.settings for name in view.names()]
    rows = (entry.split() for entry in by_setting)
    return any(request.via.startswith(head) and any(fnmatchcase(n, glob) for n in names) for head, glob in rows)


def _spreads_unknown(program: CheckContext, site: Site) -> bool:
    """True when `**options` is handed on whose contents are not known here."""
    frame = program.ev.frame(site.owner)
    spread = [expr for name, expr in site.call.kwargs if name is None]
    return any(
        not values or any(not isinstance(v, Mapping) or v.open for v in values)
        for values in (program.ev.eval(expr, frame) for expr in spread)
    )


def _some_caller_gives_none(program: CheckContext, owner: Def, depth: int) -> bool:
    """True when a caller is seen that neither gives a timeout nor hands on options that may hold one."""
    for site in program.callers.get(owner, ()):
        names = [name for name, _expr in site.call.kwargs]
        if "timeout" in names:
            continue
        if None not in names or not _spreads_unknown(program, site):
            return True
        if depth > 0 and _some_caller_gives_none(program, site.owner, depth - 1):
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


def _process_limits(program: CheckContext, request: Request) -> bool:
    """True for clients of the standard library in a process that sets a default time limit for sockets."""
    return request.via.startswith(_PROCESS_WIDE) and program.sets_default_timeout
