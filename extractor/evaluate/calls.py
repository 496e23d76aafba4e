"""Calls: binding arguments, what a call returns, constructors, partials, context managers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extractor.evaluate import attributes, builtins, folding, formatting
from extractor.evaluate.folding import bounded, gathered
from extractor.evaluate.values import (
    Bindings,
    Const,
    DefRef,
    Env,
    Ext,
    Frame,
    Inst,
    Mapping,
    Param,
    Partial,
    Query,
    QueryMethod,
    Seq,
    SettingRef,
    Super,
    Text,
    Unknown,
    Value,
    Values,
)
from extractor.program.module import Def
from extractor.summary import CallExpr

if TYPE_CHECKING:
    from extractor.evaluate.evaluator import Evaluator

Args = tuple[Values, ...]
Kwargs = tuple[tuple[str, Values], ...]

_QUERY_ONE = frozenset({"get", "first", "last", "create", "earliest", "latest", "aget", "acreate", "afirst"})
_QUERY_PAIR = frozenset({"get_or_create", "update_or_create"})
_QUERY_PLAIN = frozenset(
    {
        "count",
        "exists",
        "values",
        "values_list",
        "aggregate",
        "delete",
        "update",
        "bulk_create",
        "bulk_update",
        "iterator",
        "in_bulk",
        "acount",
        "aexists",
    }
)
# Methods of text that take something off its ends: an open text stays the same.
_TRIMS = frozenset({"rstrip", "strip", "lstrip", "lower", "removesuffix", "removeprefix"})
MAX_INLINE = 7  # functions entered inside one another to learn what they return


def arguments(ev: Evaluator, call: CallExpr, frame: Frame) -> tuple[Args, Kwargs]:
    """The arguments of a call, `*` and `**` spread where their contents are known."""
    args: list[Values] = []
    for expr in call.args:
        if expr[0] != "*":
            args.append(ev.eval(expr, frame))
            continue
        for value in ev.eval(expr[1], frame)[:1]:
            if isinstance(value, Seq) and not value.open:
                args += value.items
    kwargs: dict[str, Values] = {}
    for name, expr in call.kwargs:
        if name is not None:
            kwargs[name] = ev.eval(expr, frame)
            continue
        for value in ev.eval(expr, frame):
            if isinstance(value, Mapping):
                for keys, values in value.items:
                    literal = ev.constant_key(keys)
                    if literal is not None:
                        kwargs.setdefault(literal, values)
    return tuple(args), tuple(sorted(kwargs.items()))


def call_result(ev: Evaluator, call: CallExpr, frame: Frame) -> Values:
    """What a call can give back."""
    if call.func[0] == "a":
        special = _method_on_data(ev, call, frame)
        if special is not None:
            return special
    funcs = ev.eval(call.func, frame)
    if not funcs:
        return ()
    args, kwargs = arguments(ev, call, frame)
    return gathered([call_value(ev, func, args, kwargs, None, frame) for func in funcs])


def _method_on_data(ev: Evaluator, call: CallExpr, frame: Frame) -> Values | None:
    """Methods of texts, dictionaries and sequences; None when the receiver is something else."""
    name = call.func[2]
    out: list[Value] = []
    for base in ev.eval(call.func[1], frame):
        if isinstance(base, Text):
            args, kwargs = arguments(ev, call, frame)
            found = formatting.text_method(base, name, args, dict(kwargs))
            out += found if found is not None else (Unknown(f"text.{name}()"),)
        elif isinstance(base, Mapping):
            out += _mapping_method(ev, base, name, call, frame)
        elif isinstance(base, Seq):
            out.append(base if name in ("copy",) else Unknown(f"sequence.{name}()"))
        elif isinstance(base, SettingRef) and name == "get" and call.args:
            args, _kwargs = arguments(ev, call, frame)
            out += attributes.item(ev, base, args[0][0] if args[0] else Unknown("key"))
        elif isinstance(base, Env | SettingRef | Param) and name in _TRIMS:
            out.append(base)
        elif (
            isinstance(base, Param) and name == "get" and _is_flat(base) and (key := _literal_argument(ev, call, frame))
        ):
            out += attributes.item(ev, base, Text((key,)))
        else:
            return None
    return bounded(out) if out else None


def _is_flat(param: Param) -> bool:
    """True when nothing was taken out of a parameter yet: keys of keys make ever longer paths, which nobody reads."""
    return "[" not in param.path


def _literal_argument(ev: Evaluator, call: CallExpr, frame: Frame) -> str | None:
    """The first argument, where it is a text that names a key (a URL is none: that `get` sends a request)."""
    key = ev.constant_key(arguments(ev, call, frame)[0][0]) if call.args and call.args[0][0] == "c" else None
    return key if key and key.isidentifier() else None


def _mapping_method(ev: Evaluator, base: Mapping, name: str, call: CallExpr, frame: Frame) -> Values:
    args, _kwargs = arguments(ev, call, frame)
    if name in ("get", "pop", "setdefault"):
        keys = args[0] if args and args[0] else (Unknown("key"),)
        default = args[1] if len(args) > 1 else ()
        return gathered([folding.lookup(base, key) or default for key in keys])
    if name == "items":
        return (Seq(tuple((Seq((keys, values)),) for keys, values in base.items), open=True),)
    if name == "values":
        return (Seq(tuple(values for _keys, values in base.items), open=True),)
    if name == "keys":
        return (Seq(tuple(keys for keys, _values in base.items), open=True),)
    return (base,) if name == "copy" else (Unknown(f"dict.{name}()"),)


def call_value(
    ev: Evaluator, func: Value, args: Args, kwargs: Kwargs, me: Value | None = None, frame: Frame | None = None
) -> Values:
    """What calling one value can give back. `me` binds a method found on a class."""
    if isinstance(func, DefRef):
        if func.target.kind == "class":
            return construct(ev, func.target, args, kwargs)
        variable = builtins.environment_read(ev, func.target.qualified, args, kwargs)
        if variable is not None:
            return variable
        return returned(ev, func if me is None else DefRef(func.target, me, func.frame), args, kwargs)
    if isinstance(func, Ext):
        return builtins.outside(ev, func, args, kwargs, frame)
    if isinstance(func, Partial):
        merged = dict(func.kwargs) | dict(kwargs)
        if waits(func, args, kwargs):
            return (Partial(func.func, func.args + args, tuple(sorted(merged.items())), curried=True),)
        return call_value(ev, func.func, func.args + args, tuple(sorted(merged.items())))
    if isinstance(func, Inst):
        method = ev.classes.member(func.cls, "__call__")
        if method is not None:
            return bounded(v for m in method[1] for v in call_value(ev, m, args, kwargs, func))
        return (Unknown(f"{func.cls.scope.name}()()"),)
    if isinstance(func, QueryMethod):
        return _query(ev, func)
    if isinstance(func, Param):
        return (Param(func.owner, func.name, f"{func.path}()"),)
    return (Unknown("call of something unknown"),)


def waits(func: Partial, args: Args, kwargs: Kwargs) -> bool:
    """True when a curried function called so still lacks arguments: it gives back itself, with these kept."""
    if not func.curried or not isinstance(func.func, DefRef) or func.func.target.kind != "function":
        return False
    params = func.func.target.scope.params[1 if func.func.self is not None else 0 :]
    wanted = [name for name, kind, default, _annotation in params if kind == "pos" and default is None]
    named = {name for name, _values in (*func.kwargs, *kwargs)}
    return any(name not in named for name in wanted[len(func.args) + len(args) :])


def _query(ev: Evaluator, method: QueryMethod) -> Values:
    if method.name in _QUERY_ONE:
        return (Inst(method.cls, (), known=False),)
    if method.name in _QUERY_PAIR:
        return (Seq(((Inst(method.cls, (), known=False),), (Unknown("created"),))),)
    if method.name in _QUERY_PLAIN and method.name != "iterator":
        return (Unknown(f"query set.{method.name}()"),)
    return (Query(method.cls),)


def construct(ev: Evaluator, cls: Def, args: Args, kwargs: Kwargs) -> Values:
    """An instance, with its constructor's arguments bound by name (dataclass fields where there is no `__init__`)."""
    made = ev.classes.member(cls, "__init__")
    if made is not None:
        for value in made[1]:
            if isinstance(value, DefRef):
                return (Inst(cls, bind(ev, value.target, args, kwargs, skip_first=True)),)
    fields = [name for owner in reversed(ev.classes.mro(cls)[0]) for name in owner.scope.annotations]
    named = dict(zip(dict.fromkeys(fields), args, strict=False)) | dict(kwargs)
    outside = ev.classes.mro(cls)[1]
    if not fields and outside:
        named |= {f"#{index}": value for index, value in enumerate(args)}
    return (Inst(cls, tuple(sorted(named.items()))),)


def bind(ev: Evaluator, target: Def, args: Args, kwargs: Kwargs, skip_first: bool = False) -> Bindings:
    """Arguments by parameter name. Parameters that were given nothing get their default; others stay out."""
    params = target.scope.params[1:] if skip_first and target.scope.params else target.scope.params
    given = dict(kwargs)
    out: dict[str, Values] = {}
    rest = list(args)
    for name, kind, default, _annotation in params:
        if kind == "*":
            out[name] = (Seq(tuple(rest)),)
            rest = []
        elif kind == "**":
            items = tuple(((Text((key,)),), values) for key, values in given.items())
            out[name] = (Mapping(items),)
            given = {}
        elif kind == "pos" and rest:
            out[name] = rest.pop(0)
        elif name in given:
            out[name] = given.pop(name)
        elif default is not None:
            parent = target.parent
            out[name] = ev.eval(default, ev.frame(parent) if parent is not None else ev.frame(target))
    return tuple(sorted((name, values) for name, values in out.items() if values))


def entry_frame(ev: Evaluator, func: DefRef, args: Args, kwargs: Kwargs) -> Frame:
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


def method_frame(ev: Evaluator, method: Def, inst: Inst) -> Frame:
    """The frame of a method of an instance; its constructor sees what the instance was made with."""
    name = method.scope.name.rsplit(".", 1)[-1]
    bindings: Bindings = ()
    if name == "__init__":  # of an object of which nothing is known, too: a subclass may hand up what it reads itself
        bindings = _handed_up(ev, method, inst)
    elif name == "__post_init__" and inst.known:
        bindings = inst.bindings
    return ev.bound_frame(method, bindings, inst, None)


def _handed_up(ev: Evaluator, method: Def, inst: Inst) -> Bindings:
    """What a constructor of the class or of its bases is given: the class's own what the instance was made with, a
    base's what `super().__init__(...)` hands up."""
    made = ev.classes.member(inst.cls, "__init__")
    here = made[1][0] if made and made[1] else None
    bindings = inst.bindings
    for _step in range(MAX_INLINE):
        if not isinstance(here, DefRef) or here.target is method:
            break
        frame = ev.bound_frame(here.target, bindings, inst, None)
        calls = [call for call in here.target.scope.calls if call.func[0] == "a" and call.func[2] == "__init__"]
        above = [(f, c) for c in calls for f in ev.eval(c.func, frame) if isinstance(f, DefRef)]
        if not above or above[0][0].target is here.target:
            return inst.bindings
        here = above[0][0]
        args, kwargs = arguments(ev, above[0][1], frame)
        bindings = bind(ev, here.target, args, kwargs, skip_first=here.self is not None)
    return bindings


def handed_outside(ev: Evaluator, inst: Inst) -> tuple[Args, Kwargs] | None:
    """What constructors of a class hand up to a base that was not read; None when none does."""
    made = ev.classes.member(inst.cls, "__init__")
    here, bindings = made[1][0] if made and made[1] else None, inst.bindings
    for _step in range(MAX_INLINE):
        if not isinstance(here, DefRef):
            return None
        frame = ev.bound_frame(here.target, bindings, inst, None)
        calls = [call for call in here.target.scope.calls if call.func[0] == "a" and call.func[2] == "__init__"]
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


def returned(ev: Evaluator, func: DefRef, args: Args, kwargs: Kwargs) -> Values:
    """What a function that was read can give back when called so. Generators give an open sequence."""
    scope = func.target.scope
    if not scope.returns and not scope.yields:
        return (Const(None, "NoneType"),)
    if ev.inline >= MAX_INLINE:
        return (Unknown("too deep"),)
    ev.inline += 1
    try:
        frame = entry_frame(ev, func, args, kwargs)
        if scope.yields:
            items = tuple(ev.eval(value, frame) for value in scope.yields[:8])
            return (Seq(items, open=True),)
        out = gathered([ev.eval(value, frame) for value in scope.returns])
    finally:
        ev.inline -= 1
    kept = tuple(v for v in out if not isinstance(v, Unknown) and not (isinstance(v, Const) and v.value is None))
    if kept:
        return kept
    if scope.return_annotation is not None:
        typed = ev.typed(scope.return_annotation, ev.frame(func.target))
        if typed:
            return typed
    return out or (Unknown(f"{func.target.shown}()"),)


def entered(ev: Evaluator, value: Value) -> Values:
    """What `with value as x` binds."""
    if isinstance(value, Inst):
        method = ev.classes.member(value.cls, "__enter__")
        if method is not None:
            return bounded(v for m in method[1] for v in call_value(ev, m, (), (), value))
        return (value,)
    if isinstance(value, Seq) and value.open:  # a generator function under @contextmanager
        return bounded(v for values in value.items for v in values)
    return (value,)


def super_of(ev: Evaluator, frame: Frame | None) -> Values:
    """`super()` in a frame."""
    owner = frame.owner if frame is not None else None
    while owner is not None and owner.owner_class is None:
        owner = owner.parent
    if owner is None or frame is None or owner.owner_class is None:
        return (Unknown("super()"),)
    return (Super(owner.owner_class, frame.self or ev.self_of(owner)),)
