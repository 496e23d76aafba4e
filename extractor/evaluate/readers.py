"""Readers of the environment: calls that name a variable, of the libraries in `rules/python.yaml` and of their kind."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.values import (
    Args,
    Const,
    DefRef,
    Env,
    Ext,
    Frame,
    Inst,
    Kwargs,
    Seq,
    Unknown,
    Value,
    Values,
)
from extractor.rules.python import EnvironmentReader, python_rules
from extractor.summary import CallExpr
from extractor.summary.expr import Attribute, CallResult

# What django-environ's readers of URLs take when no name is given.
_USUAL_VARIABLES = {
    "db": "DATABASE_URL",
    "db_url": "DATABASE_URL",
    "cache": "CACHE_URL",
    "cache_url": "CACHE_URL",
    "email": "EMAIL_URL",
    "email_url": "EMAIL_URL",
    "search_url": "SEARCH_URL",
}


def reads_environment(path: str) -> bool:
    """Whether a call of this access path reads a variable: by the rules, or by the shape of its name, as readers of a
    project's own and of mitol-django-common are called."""
    if (rule := python_rules().reader(path)) is not None:
        return path.rpartition(".")[2] not in (*rule.other, rule.within)
    head, _, last = path.rpartition(".")
    if head.endswith((".Env()", ".EnvParser()", ".Env", "envparser.env", "environs.env")):
        return True
    return last.startswith("get_") and "env" in head.lower() and last != "get_env"


def read_outside(ev: Evaluation, func: Ext, args: Args, kwargs: Kwargs) -> Values | None:
    """What a call of code that was not read takes from the environment; None when it is no reader."""
    rule = python_rules().reader(func.path)
    if rule is not None and rule.within and func.path.endswith(f".{rule.within}"):
        return (_object(func) or Ext(func.path.rpartition(".")[0]),)  # `with env.prefixed("X_") as env`
    return environment(ev, args, dict(kwargs), func) if reads_environment(func.path) else None


def read_by(ev: Evaluation, me: Inst, args: Args, kwargs: Kwargs) -> Values | None:
    """What calling an object of a class that derives from such a reader takes from the environment; None for others."""
    for base in ev.classes.mro(me.cls)[1]:
        if python_rules().reader(f"{base}()") is not None:
            return environment(ev, args, dict(kwargs), Ext(f"{base}()", (), me.bindings))
    return None


def environment_read(ev: Evaluation, qualified: str, args: Args, kwargs: Kwargs) -> Values | None:
    """The variable that a function which was read takes from the environment, by the shape of its name
    (`shop.envs.get_string("NAME", default)`); None when it is no such function or the name is not known."""
    if not reads_environment(qualified):
        return None
    found = environment(ev, args, dict(kwargs), Ext(qualified))
    return found if isinstance(found[0], Env) and found[0].name.isupper() else None


def environment(ev: Evaluation, args: Args, kwargs: dict[str, Values], func: Ext) -> Values:
    """The variable that a call of such a reader names, with the default it is given, here or where the reader is made
    (`Env(NAME=(str, "default"))`)."""
    names = kwargs.get("name") or kwargs.get("var") or (args[0] if args else ())
    name = ev.constant_key(names) or (None if names else _USUAL_VARIABLES.get(func.path.rpartition(".")[2]))
    if name is None:
        return (Unknown("environment variable"),)
    rule, made = python_rules().reader(func.path), dict(held.kwargs) if (held := _object(func)) is not None else {}
    name = _whole(ev, rule, made, name) if rule is not None else name
    default = kwargs.get("default")
    if default is None:
        default = next((given for given in args[1:] if not _is_cast(given)), ())
    if not default and rule is not None and rule.schema:
        default = _declared(made.get(name, ()))
    required = not default or any(isinstance(v, Const) and v.value is True for v in kwargs.get("required", ()))
    return (Env(name, default, required),)


def attribute_read(ev: Evaluation, base: Ext, name: str) -> Values:
    """The variable that an attribute of a reader is (`Dynaconf().TAX_URL`); () for what is none."""
    rule = python_rules().reader(base.path) if base.path in _paths() else None
    if rule is None or not rule.attributes or name in rule.attributes or name.startswith("_"):
        return ()
    return (Env(_whole(ev, rule, dict(base.kwargs), name)),)


@functools.cache
def _paths() -> frozenset[str]:
    """The access paths of readers whose attributes are variables."""
    rules = [rule for rule in python_rules().readers if rule.attributes]
    return frozenset((*(f"{one}()" for rule in rules for one in rule.made), *(f for r in rules for f in r.functions)))


def _whole(ev: Evaluation, rule: EnvironmentReader, made: dict[str, Values], name: str) -> str:
    """The name of a variable with what stands before it, as the reader was made."""
    given = made.get(rule.prefix, ())
    prefix = ev.constant_key(given) or ""
    if not rule.front:
        return f"{prefix}{name}"
    none = any(isinstance(v, Const) and v.value is False for v in given)
    return name.upper() if none else f"{prefix or rule.front}_{name}".upper()


def _object(func: Ext) -> Ext | None:
    """The reader, as it was made, whose call or method this is."""
    return func if func.path.endswith("()") else func.receiver  # without arguments, nothing is known of it


def _is_cast(values: Values) -> bool:
    """Whether an argument says what a variable is made into: `env("NAME", bool, False)`."""
    return any(isinstance(v, DefRef) or (isinstance(v, Ext) and v.path.startswith("builtins.")) for v in values)


def _declared(values: Values) -> Values:
    """The default of `NAME=(str, "default")`."""
    return next((v.items[1] for v in values if isinstance(v, Seq) and len(v.items) > 1), ())


def assigned(ev: Evaluation, name: str, value: Value) -> Value:
    """What is assigned to a setting of this name: the variable that an object reads by it
    (`URLValue("https://...")` of django-configurations), or the value itself."""
    module, _, last = value.path.removesuffix("()").rpartition(".") if isinstance(value, Ext) else ("", "", "")
    rule = next((one for one in python_rules().assigned if module in one.modules), None)
    if rule is None or not isinstance(value, Ext) or not value.path.endswith("()"):
        return value
    given = dict(value.kwargs)
    default = value.args[0] if value.args else given.get("default", ())
    own = ev.constant_key(given.get(rule.name, ())) or rule.usual.get(last)
    if not own and any(isinstance(v, Const) and v.value is False for v in given.get(rule.unless, ())):
        return default[0] if len(default) == 1 else value
    front = "" if last in rule.usual or rule.prefix in given else f"{rule.front}_"
    said = ev.constant_key(given.get(rule.prefix, ()))
    variable = f"{f'{said}_' if said else front}{own or name}"
    return Env(variable, default, required=last in rule.required)


def prefixed(ev: Evaluation, call: CallExpr, frame: Frame, funcs: Values, found: Values) -> Values:
    """The variables that a call reads, with what stands before their names where the call stands: that of the `with`
    blocks around it (`with env.prefixed("SHOP_"):`), or what was set on the reader (`env.prefix = "SHOP_"`)."""
    rules = {rule: func for func in funcs if isinstance(func, Ext) and (rule := python_rules().reader(func.path))}
    for rule, func in rules.items():
        front = "".join((*_set_on(ev, rule, func, frame), *_around(ev, rule, call, frame)))
        if front:
            return tuple(_with_front(front, value) for value in found)
    return found


def _with_front(front: str, value: Value) -> Value:
    return Env(f"{front}{value.name}", value.default, value.required) if isinstance(value, Env) else value


def _around(ev: Evaluation, rule: EnvironmentReader, call: CallExpr, frame: Frame) -> Iterator[str]:
    """The prefixes of the `with` blocks around a call, the outermost first."""
    scope = frame.owner.scope
    for line, end_line, manager in scope.withs if rule.within else ():
        if line <= call.line <= end_line and isinstance(manager, CallResult):
            entered = scope.calls[manager.call]
            method = entered.func if isinstance(entered.func, Attribute) and entered is not call else None
            named = method is not None and method.name == rule.within and entered.args
            if method is not None and named and _is_reader(rule, ev.eval(method.base, frame)):
                yield ev.constant_key(ev.eval(entered.args[0], frame)) or ""


def _set_on(ev: Evaluation, rule: EnvironmentReader, func: Ext, frame: Frame) -> Iterator[str]:
    """The prefix that a module sets on its reader."""
    module = frame.owner.module
    scope = module.summary.scopes.get("")
    for base, name, value, _line in scope.attrs if scope is not None and rule.prefix else ():
        inner = ev.frame(module.define(""))
        if name == rule.prefix and _is_reader(rule, ev.eval(base, inner)):
            yield ev.constant_key(ev.eval(value, inner)) or ""
            return


def _is_reader(rule: EnvironmentReader, values: Iterable[Value]) -> bool:
    return any(isinstance(v, Ext) and v.path.rpartition(".")[2] != rule.within and rule.asks(v.path) for v in values)


__all__ = [
    "assigned",
    "attribute_read",
    "environment",
    "environment_read",
    "prefixed",
    "read_by",
    "read_outside",
    "reads_environment",
]
