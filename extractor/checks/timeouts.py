"""Whether a request has a time limit after all: given by callers through `**kwargs`, by the session, by the process."""

from __future__ import annotations

from fnmatch import fnmatchcase

from extractor.checks.context import Scene
from extractor.evaluate.values import Inst, Mapping
from extractor.link.callgraph import Site
from extractor.link.effects import Effect
from extractor.link.request import Facets
from extractor.program.module import Def, Module

MAX_UP = 3  # wrappers that hand `**kwargs` on
_PROCESS_WIDE = ("urllib.request.", "http.client.", "ftplib.", "smtplib.")


def lacks_timeout(scene: Scene, effect: Effect, by_setting: tuple[str, ...] = ()) -> Facets | None:
    """The reading of a call that has no time limit, or None when every reading has one or may have.

    `by_setting` names libraries that wait for ever unless a setting says otherwise: `path prefix` `glob of settings`.
    """
    given = any(name == "timeout" for name, _expr in effect.site.call.kwargs)
    unlimited = () if given else tuple(f for f in effect.facets if _unlimited(scene, f, by_setting))
    facets = next((f for f in effect.facets if f.timeout == "no" or f in unlimited), None)
    if facets is not None and _setting_limits(scene, facets, by_setting):
        return None
    if facets is None or _session_limits(scene, effect.site) or _process_limits(scene, facets):
        return None
    spread = facets not in unlimited and _spreads_unknown(scene, effect.site)
    if spread and not _some_caller_gives_none(scene, effect.site.owner, MAX_UP):
        return None
    return facets


def _unlimited(scene: Scene, facets: Facets, by_setting: tuple[str, ...]) -> bool:
    """True for a library that a setting would limit, in a service whose settings are known and hold no such one."""
    for prefix, pattern in (entry.split() for entry in by_setting):
        if facets.timeout == "unknown" and facets.via.startswith(prefix) and scene.settings:
            return not _setting_limits(scene, facets, (f"{prefix} {pattern}",))
    return False


def _setting_limits(scene: Scene, facets: Facets, by_setting: tuple[str, ...]) -> bool:
    """True when a setting of a service limits the library of a call."""
    names = [name for view in scene.settings for name in view.names()]
    rows = (entry.split() for entry in by_setting)
    return any(facets.via.startswith(head) and any(fnmatchcase(n, glob) for n in names) for head, glob in rows)


def _spreads_unknown(scene: Scene, site: Site) -> bool:
    """True when `**options` is handed on whose contents are not known here."""
    frame = scene.ev.frame(site.owner)
    spread = [expr for name, expr in site.call.kwargs if name is None]
    return any(
        not values or any(not isinstance(v, Mapping) or v.open for v in values)
        for values in (scene.ev.eval(expr, frame) for expr in spread)
    )


def _some_caller_gives_none(scene: Scene, owner: Def, depth: int) -> bool:
    """True when a caller is seen that neither gives a timeout nor hands on options that may hold one."""
    for site in scene.callers.get(owner, ()):
        names = [name for name, _expr in site.call.kwargs]
        if "timeout" in names:
            continue
        if None not in names or not _spreads_unknown(scene, site):
            return True
        if depth > 0 and _some_caller_gives_none(scene, site.owner, depth - 1):
            return True
    return False


def _session_limits(scene: Scene, site: Site) -> bool:
    """True when the session is of a class of the code that sends in its own way, or is given such an adapter."""
    func = site.call.func
    if func[0] != "a":
        return False
    for value in scene.ev.eval(func[1], scene.ev.frame(site.owner)):
        if isinstance(value, Inst) and any(scene.ev.classes.member(value.cls, name) for name in ("request", "send")):
            return True
    return _replaces_sending(scene, site.owner.module)


def _replaces_sending(scene: Scene, module: Module) -> bool:
    """True when a module assigns `session.request = ...` or mounts an adapter of its own on a session."""
    for name, scope in module.summary.scopes.items():
        if any(attr in ("request", "send") for _base, attr, _value, _line in scope.attrs):
            return True
        frame = scene.ev.frame(module.define(name))
        for call in scope.calls:
            if call.func[0] != "a" or call.func[2] != "mount":
                continue
            for value in (v for expr in call.args for v in scene.ev.eval(expr, frame)):
                if isinstance(value, Inst) and scene.ev.classes.member(value.cls, "send"):
                    return True
    return False


def _process_limits(scene: Scene, facets: Facets) -> bool:
    """True for clients of the standard library in a process that sets a default time limit for sockets."""
    return facets.via.startswith(_PROCESS_WIDE) and scene.sets_default_timeout
