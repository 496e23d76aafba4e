"""Arguments: what a call hands over, bound to the parameters of a function, and the frames in which bodies run."""

from __future__ import annotations

from extractor.evaluate import folding
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.values import (
    Args,
    Bindings,
    DefRef,
    Ext,
    Frame,
    Inst,
    Kwargs,
    Mapping,
    Seq,
    SettingRef,
    Text,
    Unknown,
    Value,
    Values,
)
from extractor.program.module import Def
from extractor.summary import CallExpr
from extractor.summary.expr import Attribute, Starred

MAX_INLINE = 5  # functions entered inside one another to learn what they return


_MAY_BE_GIVEN = (Unknown("may be given"),)
# Keywords that stand for arguments of which nothing is known: `f(*rest, **options)`, or a call by a framework.
MORE_ARGS, MORE_KWARGS = "*", "**"
OPEN: Kwargs = ((MORE_ARGS, _MAY_BE_GIVEN), (MORE_KWARGS, _MAY_BE_GIVEN))


def arguments(ev: Evaluation, call: CallExpr, frame: Frame) -> tuple[Args, Kwargs]:
    """The arguments of a call, `*` and `**` spread where their contents are known; where they are not, the keywords
    `MORE_ARGS` and `MORE_KWARGS` say so."""
    args: list[Values] = []
    kwargs: dict[str, Values] = {}
    for expr in call.args:
        if not isinstance(expr, Starred):
            args.append(ev.eval(expr, frame))
            continue
        spread = ev.eval(expr.value, frame)
        first = spread[0] if spread else None
        if isinstance(first, Seq) and not first.open:
            args += first.items
        if not isinstance(first, Seq) or first.open or len(spread) > 1:
            kwargs[MORE_ARGS] = _MAY_BE_GIVEN
    for name, expr in call.kwargs:
        if name is not None:
            kwargs[name] = ev.eval(expr, frame)
            continue
        spread = tuple((table_held_by(ev, v) or v) if isinstance(v, SettingRef) else v for v in ev.eval(expr, frame))
        if not spread or any(not isinstance(value, Mapping) or value.open for value in spread):
            kwargs[MORE_KWARGS] = _MAY_BE_GIVEN
        for value in spread:
            if isinstance(value, Mapping):
                for keys, values in value.items:
                    literal = ev.constant_key(keys)
                    if literal is not None:
                        kwargs[literal] = values
    return tuple(args), tuple(sorted(kwargs.items()))


def held_by(ev: Evaluation, ref: SettingRef) -> Values:
    """What a setting, or the item of it that is meant, can be; () where settings were not read."""
    return folding.under_keys(ev.setting(ref.name), ref.path) if ev.setting is not None else ()


def made_by_settings(ev: Evaluation, ref: SettingRef) -> Values:
    """The objects that a settings module makes and keeps under a name: a client, say; () for a setting of any other
    kind, of which code says by its name what it is."""
    if ref.path or ev.setting is None:
        return ()
    held = ev.setting(ref.name)
    return held if held and all(isinstance(v, Inst) or _is_client(ev, v) for v in held) else ()


def _is_client(ev: Evaluation, value: Value) -> bool:
    """Whether a value is an object of a library that asks others."""
    return isinstance(value, Ext) and "()" in value.path and value.path.split(".", 1)[0] in ev.clients


def names_of_code(ev: Evaluation, ref: SettingRef) -> tuple[Text, ...]:
    """The dotted names that a setting holds, of what was read: other texts stay the setting's."""
    held = (value for value in held_by(ev, ref) if isinstance(value, Text) and value.literal is not None)
    return tuple(text for text in held if "." in (text.literal or "") and ev.by_dotted(text.literal or ""))


def table_held_by(ev: Evaluation, ref: SettingRef) -> Mapping | Seq | None:
    """The dictionary or sequence that a setting is, its items as parts of the setting; None for anything else."""
    held = held_by(ev, ref)
    table = held[0] if len(held) == 1 else None
    if isinstance(table, Seq) and not table.open:
        return Seq(tuple((SettingRef(ref.name, (*ref.path, str(at))),) for at in range(len(table.items))))
    keys = [ev.constant_key(keys) for keys, _values in table.items] if isinstance(table, Mapping) else [None]
    if not isinstance(table, Mapping) or None in keys:
        return None
    parts = [(Text((key,)), SettingRef(ref.name, (*ref.path, key))) for key in keys if key is not None]
    return Mapping(tuple(((key,), (part,)) for key, part in parts), table.open)


def settled_key(ev: Evaluation, key: Value) -> Values:
    """What a key is that a setting holds, where nothing from outside decides it."""
    if not isinstance(key, SettingRef) or key.path or ev.setting is None:
        return (key,)
    held = ev.setting(key.name)
    return held if held and all(isinstance(v, Text) and v.literal is not None for v in held) else (key,)


def bind(ev: Evaluation, target: Def, args: Args, kwargs: Kwargs, skip_first: bool = False) -> Bindings:
    """Arguments by parameter name. Parameters that were given nothing get their default; others stay out. Where more
    may be given than is known, a default is one alternative."""
    params = target.scope.params[1:] if skip_first and target.scope.params else target.scope.params
    given = dict(kwargs)
    more_args = given.pop(MORE_ARGS, None) is not None
    more_kwargs = given.pop(MORE_KWARGS, None) is not None
    out: dict[str, Values] = {}
    rest = list(args)
    for name, kind, default, _annotation in params:
        if kind == "*":
            out[name] = (Seq(tuple(rest), open=more_args),)
            rest = []
        elif kind == "**":
            items = tuple(((Text((key,)),), values) for key, values in given.items())
            out[name] = (Mapping(items, open=more_kwargs),)
            given = {}
        elif kind == "pos" and rest:
            out[name] = rest.pop(0)
        elif name in given:
            out[name] = given.pop(name)
        elif default is not None:
            parent = target.parent
            out[name] = ev.eval(default, ev.frame(parent) if parent is not None else ev.frame(target))
            if out[name] and (more_kwargs or (more_args and kind == "pos")):
                out[name] += _MAY_BE_GIVEN
    return tuple(sorted((name, values) for name, values in out.items() if values))


def entry_frame(ev: Evaluation, func: DefRef, args: Args, kwargs: Kwargs) -> Frame:
    """The frame in which a function's body runs when it is called so."""
    target = func.target
    bound = func.self is not None  # a method, or a function that a class holds as an attribute
    is_static = target.owner_class is not None and func.self is None and target.kind == "function"
    me = func.self if bound else ev.self_of(target)
    if is_static and me is not None and args:  # Class.method(instance, ...)
        return ev.bound_frame(target, bind(ev, target, args, kwargs), None, func.frame)
    bindings = bind(ev, target, args, kwargs, skip_first=bound)
    outer = func.frame or ev.frame(target).outer
    return ev.bound_frame(target, bindings, me, outer)


def method_frame(ev: Evaluation, method: Def, inst: Inst) -> Frame:
    """The frame of a method of an instance; its constructor sees what the instance was made with."""
    name = method.scope.name.rsplit(".", 1)[-1]
    bindings: Bindings = ()
    if name == "__init__":  # of an object of which nothing is known, too: a subclass may hand up what it reads itself
        bindings = _handed_up(ev, method, inst)
    elif name == "__post_init__" and inst.known:
        bindings = inst.bindings
    return ev.bound_frame(method, bindings, inst, None)


def _handed_up(ev: Evaluation, method: Def, inst: Inst) -> Bindings:
    """What a constructor of the class or of its bases is given: the class's own what the instance was made with, a
    base's what `super().__init__(...)` hands up."""
    made = ev.classes.member(inst.cls, "__init__")
    here = made[1][0] if made and made[1] else None
    bindings = inst.bindings
    for _step in range(MAX_INLINE):
        if not isinstance(here, DefRef) or here.target is method:
            break
        frame = ev.bound_frame(here.target, bindings, inst, None)
        calls = _constructors_called(here.target)
        above = [(f, c) for c in calls for f in ev.eval(c.func, frame) if isinstance(f, DefRef)]
        if not above or above[0][0].target is here.target:
            return inst.bindings
        here = above[0][0]
        args, kwargs = arguments(ev, above[0][1], frame)
        bindings = bind(ev, here.target, args, kwargs, skip_first=here.self is not None)
    return bindings


def handed_outside(ev: Evaluation, inst: Inst) -> tuple[Args, Kwargs] | None:
    """What constructors of a class hand up to a base that was not read; None when none does."""
    made = ev.classes.member(inst.cls, "__init__")
    here, bindings = made[1][0] if made and made[1] else None, inst.bindings
    for _step in range(MAX_INLINE):
        if not isinstance(here, DefRef):
            return None
        frame = ev.bound_frame(here.target, bindings, inst, None)
        calls = _constructors_called(here.target)
        above = [(func, call) for call in calls for func in ev.eval(call.func, frame)]
        outside = next((call for func, call in above if isinstance(func, Ext)), None)
        if outside is not None:
            return arguments(ev, outside, frame)
        inside = next(((f, c) for f, c in above if isinstance(f, DefRef) and f.target is not here.target), None)
        if inside is None:
            return None
        args, kwargs = arguments(ev, inside[1], frame)
        here, bindings = inside[0], bind(ev, inside[0].target, args, kwargs, skip_first=inside[0].self is not None)
    return None


def _constructors_called(method: Def) -> list[CallExpr]:
    """The calls of a constructor's body that call a constructor: `super().__init__(...)`."""
    return [c for c in method.scope.calls if isinstance(c.func, Attribute) and c.func.name == "__init__"]
