"""Classes whose fields are variables of the environment, as `rules/python.yaml` knows them: pydantic's settings."""

from __future__ import annotations

from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.records import field_default, is_enumeration
from extractor.evaluate.values import DefRef, Env, Ext, Mapping, Text, Unknown, Value, Values
from extractor.program.module import Def
from extractor.rules.python import EnvironmentClass, python_rules
from extractor.summary import Expr


def environment_class(ev: Evaluation, cls: Def) -> EnvironmentClass | None:
    """The rule of a class whose fields are read from the environment; None for any other."""
    outside = ev.classes.mro(cls)[1]
    return next((rule for rule in python_rules().environment if rule.bases.intersection(outside)), None)


def environment_fields(ev: Evaluation, cls: Def) -> list[tuple[str, Def]]:
    """The fields of such a class, with the class that declares each: annotated names of its body and of its bases'.
    A field that is an object of a class that was read is none: its own fields are the variables."""
    found: dict[str, Def] = {}
    for owner in ev.classes.mro(cls)[0]:
        for name, annotation in owner.scope.annotations.items():
            if not name.startswith("_") and name not in found and not _is_object(ev, owner, annotation):
                found[name] = owner
    return list(found.items())


def environment_field(ev: Evaluation, cls: Def, name: str) -> Values:
    """What a field of a class of settings is: the variable of its name, with its default; () for what is no field."""
    rule = environment_class(ev, cls)
    if rule is None or name in rule.configs or name not in dict(environment_fields(ev, cls)):
        return ()
    member = ev.classes.member(cls, name)
    written = member[1] if member is not None else ()
    default = tuple(plain for value in written for one in _default(ev, value) for plain in _plain(one))
    aliases = [text for value in written for text in _aliases(rule, value)]
    variable = aliases[0] if aliases else f"{_prefix(ev, rule, cls)}{name}".upper()
    return (Env(variable, default, required=not default),)


def _is_object(ev: Evaluation, owner: Def, annotation: Expr) -> bool:
    values = ev.eval(annotation, ev.frame(owner))
    classes = [v.target for v in values if isinstance(v, DefRef) and v.target.kind == "class"]
    return any(not is_enumeration(ev, cls) for cls in classes)


def _default(ev: Evaluation, value: Value) -> Values:
    if isinstance(value, Ext) and value.path.endswith("Field()"):
        return (value.args[0] if value.args else ()) or field_default(ev, value)
    return (value,)


def _plain(value: Value) -> Values:
    """A default as text or number: `AnyUrl("https://...")` is what it is made of; () for what is not known."""
    if isinstance(value, Ext) and value.path.startswith("pydantic") and value.path.endswith("()") and value.args:
        return value.args[0]
    return () if isinstance(value, Unknown) else (value,)


def _aliases(rule: EnvironmentClass, value: Value) -> list[str]:
    """The names of the variable that a field's call gives: a text, or the first of `AliasChoices("A", "B")`."""
    given = dict(value.kwargs) if isinstance(value, Ext) and value.path.endswith("Field()") else {}
    out = []
    for key in rule.aliases:
        for one in given.get(key, ()):
            inner = one.args[0] if isinstance(one, Ext) and one.args else (one,)
            out += [text.literal for text in inner if isinstance(text, Text) and text.literal]
    return out


def _prefix(ev: Evaluation, rule: EnvironmentClass, cls: Def) -> str:
    """What stands before the names of the variables of a class: in its configuration, or in that of a base."""
    for name in rule.configs:
        member = ev.classes.member(cls, name)
        for value in member[1] if member is not None else ():
            text = next((v.literal for v in _configured(ev, rule, value) if isinstance(v, Text) and v.literal), None)
            if text is not None:
                return text
    return ""


def _configured(ev: Evaluation, rule: EnvironmentClass, value: Value) -> Values:
    if isinstance(value, Ext):
        return dict(value.kwargs).get(rule.prefix, ())
    if isinstance(value, Mapping):
        return tuple(v for keys, values in value.items if Text((rule.prefix,)) in keys for v in values)
    if isinstance(value, DefRef) and value.target.kind == "class":
        inner = ev.classes.member(value.target, rule.prefix)
        return inner[1] if inner is not None else ()
    return ()


__all__ = ["environment_class", "environment_field", "environment_fields"]
