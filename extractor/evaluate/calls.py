"""Calls: what a call gives back, constructors, partials, context managers."""

from __future__ import annotations

from extractor.evaluate import folding, formatting
from extractor.evaluate.arguments import (
    MAX_INLINE,
    MORE_ARGS,
    MORE_KWARGS,
    arguments,
    bind,
    entry_frame,
    names_of_code,
    settled_key,
    table_held_by,
)
from extractor.evaluate.folding import bounded, gathered
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.readers import prefixed, read_by
from extractor.evaluate.records import fields, is_enumeration
from extractor.evaluate.values import (
    SET,
    Args,
    Const,
    DefRef,
    Env,
    Ext,
    Frame,
    Inst,
    Kwargs,
    Mapping,
    Param,
    Partial,
    Query,
    QueryMethod,
    Seq,
    SettingRef,
    Text,
    Unknown,
    Value,
    Values,
)
from extractor.program.module import Def
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import Attribute, Constant, DictDisplay, Local

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
_VIEWS = frozenset({"items", "values", "keys", "copy"})
_PUT = frozenset({"update", "setdefault", "pop", "__setitem__"})  # methods that change a dictionary
# Methods of text that take something off its ends: an open text stays the same.
_TRIMS = frozenset({"rstrip", "strip", "lstrip", "lower", "removesuffix", "removeprefix", "geturl"})
MAX_RECURSION = 2  # times that a function is entered inside itself


def call_result(ev: Evaluation, call: CallExpr, frame: Frame) -> Values:
    """What a call can give back."""
    if isinstance(call.func, Attribute):
        special = _method_on_data(ev, call.func, call, frame)
        if special is not None:
            return special
    funcs = ev.eval(call.func, frame)
    if not funcs:
        return ()
    args, kwargs = arguments(ev, call, frame)
    found = gathered([call_value(ev, func, args, kwargs, None, frame) for func in funcs])
    return prefixed(ev, call, frame, funcs, found) if any(isinstance(v, Env) for v in found) else found


def _method_on_data(ev: Evaluation, method: Attribute, call: CallExpr, frame: Frame) -> Values | None:
    """Methods of texts, dictionaries and sequences; None when the receiver is something else."""
    name = method.name
    out: list[Value] = []
    for base in ev.eval(method.base, frame):
        if isinstance(base, Text):
            args, kwargs = arguments(ev, call, frame)
            found = formatting.text_method(ev, base, name, args, dict(kwargs))
            out += found if found is not None else (Unknown(f"text.{name}()"),)
        elif isinstance(base, Mapping):
            out += _mapping_method(ev, base, name, call, frame)
        elif isinstance(base, Seq):
            out.append(base if name in ("copy",) else Unknown(f"sequence.{name}()"))
        elif isinstance(base, SettingRef) and name in _VIEWS and isinstance(held := table_held_by(ev, base), Mapping):
            out += _mapping_method(ev, held, name, call, frame)
        elif isinstance(base, SettingRef) and name == "get" and call.args:
            args, _kwargs = arguments(ev, call, frame)
            out += ev.item(base, args[0][0] if args[0] else Unknown("key"))
        elif isinstance(base, Env | SettingRef | Param) and name in _TRIMS:
            out.append(base)
        elif isinstance(base, SettingRef) and name in formatting.SPLITS and (named := names_of_code(ev, base)):
            args, kwargs = arguments(ev, call, frame)
            for text in named:
                out += formatting.text_method(ev, text, name, args, dict(kwargs)) or (Unknown(f"text.{name}()"),)
        elif (
            isinstance(base, Param) and name == "get" and _is_flat(base) and (key := _literal_argument(ev, call, frame))
        ):
            out += ev.item(base, Text((key,)))
        else:
            return None
    return bounded(out) if out else None


def _is_flat(param: Param) -> bool:
    """True when nothing was taken out of a parameter yet: keys of keys make ever longer paths, which nobody reads."""
    return "[" not in param.path


def _literal_argument(ev: Evaluation, call: CallExpr, frame: Frame) -> str | None:
    """The first argument, where it is a text that names a key (a URL is none: that `get` sends a request)."""
    key = (
        ev.constant_key(arguments(ev, call, frame)[0][0]) if call.args and isinstance(call.args[0], Constant) else None
    )
    return key if key and key.isidentifier() else None


def _mapping_method(ev: Evaluation, base: Mapping, name: str, call: CallExpr, frame: Frame) -> Values:
    args, _kwargs = arguments(ev, call, frame)
    if name in ("get", "pop", "setdefault"):
        keys = args[0] if args and args[0] else (Unknown("key"),)
        default = args[1] if len(args) > 1 else (Const(None, "NoneType"),) if name == "get" else ()
        if base.open or (default and _is_changed(frame.owner.scope, call.func)):
            default = (*default, Unknown("item"))
        keys = tuple(known for key in keys for known in settled_key(ev, key))
        return gathered([folding.lookup(base, key) or default for key in keys])
    if name == "items":
        return (Seq(tuple((Seq((keys, values)),) for keys, values in base.items), open=True),)
    if name == "values":
        return (Seq(tuple(values for _keys, values in base.items), open=True),)
    if name == "keys":
        return (Seq(tuple(keys for keys, _values in base.items), open=True),)
    return (base,) if name == "copy" else (Unknown(f"dict.{name}()"),)


def _is_changed(scope: Scope, method: Expr) -> bool:
    """Whether a function may put something into the dictionary on whose variable a method is called."""
    base = method.base if isinstance(method, Attribute) else method
    if not isinstance(base, Local):
        return not isinstance(base, DictDisplay)
    mine = set(base.definitions)
    put = [sub[0] for sub in scope.subs]
    put += [c.func.base for c in scope.calls if isinstance(c.func, Attribute) and c.func.name in _PUT]
    return any(isinstance(one, Local) and mine & set(one.definitions) for one in put)


def call_value(
    ev: Evaluation, func: Value, args: Args, kwargs: Kwargs, me: Value | None = None, frame: Frame | None = None
) -> Values:
    """What calling one value can give back. `me` binds a method found on a class."""
    if isinstance(func, DefRef):
        if func.target.kind == "class":
            return construct(ev, func.target, args, kwargs)
        variable = ev.environment_read(func.target.qualified, args, kwargs)
        if variable is not None:
            return variable
        called = func if me is None else DefRef(func.target, me, func.frame, func.is_bare)
        return returned(ev, ev.wrappers.of(called) or called, args, kwargs)
    if isinstance(func, Ext):
        return ev.outside(func, args, kwargs, frame)
    if isinstance(func, Partial):
        merged = dict(func.kwargs) | dict(kwargs)
        if waits(func, args, kwargs):
            return (Partial(func.func, func.args + args, tuple(sorted(merged.items())), curried=True),)
        return call_value(ev, func.func, func.args + args, tuple(sorted(merged.items())))
    if isinstance(func, Inst):
        method = ev.classes.member(func.cls, "__call__")
        if method is not None:
            return bounded(v for m in method[1] for v in call_value(ev, m, args, kwargs, func))
        return read_by(ev, func, args, kwargs) or (Unknown(f"{func.cls.scope.name}()()"),)
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


def _query(ev: Evaluation, method: QueryMethod) -> Values:
    if method.name in _QUERY_ONE:
        return (Inst(method.cls, (), known=False),)
    if method.name in _QUERY_PAIR:
        return (Seq(((Inst(method.cls, (), known=False),), (Unknown("created"),))),)
    if method.name in _QUERY_PLAIN and method.name != "iterator":
        return (Unknown(f"query set.{method.name}()"),)
    return (Query(method.cls),)


def construct(ev: Evaluation, cls: Def, args: Args, kwargs: Kwargs) -> Values:
    """An instance, with its constructor's arguments bound by name (dataclass fields where there is no `__init__`)."""
    chosen = _chosen(ev, cls, args, kwargs)
    if chosen:
        return chosen
    made = ev.classes.member(cls, "__init__")
    if made is not None:
        for value in made[1]:
            if isinstance(value, DefRef):
                return (Inst(cls, bind(ev, value.target, args, kwargs, skip_first=True)),)
    known = [name for owner in reversed(ev.classes.mro(cls)[0]) for name in fields(ev, owner)]
    plain = {name: values for name, values in kwargs if name not in (MORE_ARGS, MORE_KWARGS)}
    named = dict(zip(dict.fromkeys(known), args, strict=False)) | plain
    outside = ev.classes.mro(cls)[1]
    if not known and outside:
        named |= {f"#{index}": value for index, value in enumerate(args)}
    return (Inst(cls, tuple(sorted(named.items()))),)


def _chosen(ev: Evaluation, cls: Def, args: Args, kwargs: Kwargs) -> Values:
    """What calling a class gives that is no new object of it: a member of an enumeration, which goes by its value; an
    object of another class that `__new__` makes."""
    if len(args) == 1 and not kwargs and is_enumeration(ev, cls):
        return args[0]
    made = ev.classes.member(cls, "__new__")
    others: list[Value] = []
    for value in made[1] if made is not None and made[0].module.in_repo else ():
        if isinstance(value, DefRef):
            given = returned(ev, DefRef(value.target, DefRef(cls), value.frame), args, kwargs)
            others += [v for v in given if isinstance(v, Inst) and cls not in ev.classes.mro(v.cls)[0]]
    return bounded(others)


def returned(ev: Evaluation, func: DefRef, args: Args, kwargs: Kwargs) -> Values:
    """What a function that was read can give back when called so. Generators give an open sequence."""
    scope = func.target.scope
    if not scope.returns and not scope.yields:
        return (Const(None, "NoneType"),)
    entered = ev.recursion.get(func.target, 0)
    if ev.inline >= MAX_INLINE or entered >= MAX_RECURSION:
        ev.cuts += 1
        return (Unknown("too deep"),)
    ev.inline += 1
    ev.recursion[func.target] = entered + 1
    try:
        frame = entry_frame(ev, func, args, kwargs)
        if scope.yields:
            items = tuple(ev.eval(value, frame) for value in scope.yields[:8])
            return (Seq(items, open=True),)
        out = gathered([_as_left(ev, value, frame) for value in _returns(ev, scope, frame)])
    finally:
        ev.inline -= 1
        ev.recursion[func.target] = entered
    kept = tuple(v for v in out if not isinstance(v, Unknown) and not (isinstance(v, Const) and v.value is None))
    if kept:
        return kept
    if scope.return_annotation is not None:
        typed = ev.typed(scope.return_annotation, ev.frame(func.target))
        if typed:
            return typed
    return out or (Unknown(f"{func.target.shown}()"),)


def _as_left(ev: Evaluation, expr: Expr, frame: Frame) -> Values:
    """What a function gives back, with the methods that it has put on an object which was not read."""
    values = ev.eval(expr, frame)
    scope = frame.owner.scope
    if not scope.attrs or not isinstance(expr, Local) or not any(isinstance(v, Ext) for v in values):
        return values
    mine = set(expr.definitions)
    put = [(n, v) for base, n, v, _line in scope.attrs if isinstance(base, Local) and mine & set(base.definitions)]
    held = [(name, ev.eval(value, frame)) for name, value in put]
    more = tuple((f"{SET}{name}", found) for name, found in held if any(isinstance(v, DefRef | Partial) for v in found))
    if not more:
        return values
    return tuple(Ext(v.path, v.args, (*v.kwargs, *more), v.receiver) if isinstance(v, Ext) else v for v in values)


def _returns(ev: Evaluation, scope: Scope, frame: Frame) -> list[Expr]:
    """What a function returns on the ways that its frame takes."""
    guarded = zip(scope.returns, scope.return_guards, strict=True)
    return [value for value, guards in guarded if not ev.branches.is_passed_over(guards, frame)]


def entered(ev: Evaluation, value: Value) -> Values:
    """What `with value as x` binds."""
    if isinstance(value, Inst):
        method = ev.classes.member(value.cls, "__enter__")
        if method is not None:
            return bounded(v for m in method[1] for v in call_value(ev, m, (), (), value))
        return (value,)
    if isinstance(value, Seq) and value.open:  # a generator function under @contextmanager
        return bounded(v for values in value.items for v in values)
    return (value,)
