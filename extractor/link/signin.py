"""Who signs people in: backends that settings name as text, and their providers by `rules/signin.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.folding import LIMIT
from extractor.evaluate.values import Const, DefRef, Env, Hole, Inst, SettingRef, Text
from extractor.link.settings import SettingBinding, SettingsTable, Where, named_by
from extractor.link.settings.table import all_texts
from extractor.program.module import Def
from extractor.rules.signin import Provider, sign_in_rules
from extractor.summary import Expr, Scope
from extractor.summary.expr import Attribute, CallResult, Local, Name, Subscript, literal_text


def sign_ins(ev: Evaluator, tables: Mapping[str, SettingsTable]) -> tuple[SettingBinding, ...]:
    """The backends of every service whose provider is known, in the order of their names."""
    out: dict[SettingBinding, None] = {}
    for service, table in tables.items():
        for setting in sign_in_rules().settings:
            where = table.where(setting)
            named = dict.fromkeys(text for value in table.raw(setting) for text in all_texts(value))
            for dotted in named if where is not None else ():
                provider = _provider(ev, dotted)
                if provider is not None and where is not None:
                    out[
                        SettingBinding(
                            service=service,
                            role="sign-in",
                            setting=setting,
                            where=where,
                            system=provider.system,
                            named=dotted,
                            protocol=provider.protocol,
                            condition=_condition(table, where),
                        )
                    ] = None
    return tuple(out)


def type_pipelines(ev: Evaluator, tables: Iterable[SettingsTable]) -> None:
    """Steps of a sign-in pipeline, named as text in settings, are handed the backend that signs in: one of those that
    settings name."""
    for table in tables:
        named = list(named_by(ev, table))
        backends = tuple(
            Inst(target, (), known=False)
            for setting, target in named
            if setting == "AUTHENTICATION_BACKENDS" and target.kind == "class"
        )[:LIMIT]
        for setting, target in named:
            if setting.endswith("_PIPELINE") and target.kind == "function" and backends:
                ev.given[(target, "backend")] = backends


def _provider(ev: Evaluator, dotted: str) -> Provider | None:
    """The provider of a backend, by the dotted name of its class or of a base of it; None for one whose class says
    where it is."""
    classes = [v.target for v in ev.by_dotted(dotted) if isinstance(v, DefRef) and v.target.kind == "class"]
    names = [dotted, *(base for cls in classes for base in ev.classes.mro(cls)[1])]
    for provider in sign_in_rules().providers:
        if any(provider.backend.fullmatch(name) for name in names):
            told = any(_tells(ev, cls, name) for cls in classes for name in provider.address)
            return None if told else provider
    return None


def _tells(ev: Evaluator, cls: Def, name: str) -> bool:
    """Whether an attribute of a class, or what a method of it gives back, is an address whose start is known."""
    member = ev.classes.member(cls, name)
    me = Inst(cls, (), known=False)
    for value in member[1] if member is not None else ():
        is_method = isinstance(value, DefRef) and value.target.kind == "function"
        for found in ev.returned(value, ((me,),), ()) if is_method and isinstance(value, DefRef) else (value,):
            head = found.parts[0] if isinstance(found, Text) and found.parts else Hole("unknown", "")
            if isinstance(found, SettingRef | Env) or isinstance(head, str) or head.kind in ("setting", "env"):
                return True
    return False


def _condition(table: SettingsTable, where: Where) -> str:
    """The feature flag that the assignment stands under, and what it is by default; "" when there is none."""
    module = next((m for m in table.chain if m.path == where.path), None)
    scope = module.summary.scopes[""] if module is not None else None
    calls = [c for c in scope.calls if where.line <= c.line <= where.end_line] if scope is not None else []
    if scope is None or not calls:
        return ""
    common = set(calls[0].guards).intersection(*(call.guards for call in calls))
    for index in sorted(common):
        test, holds, _line = scope.guards[index]
        flag = _flag(test, scope)
        if flag is not None:
            known = [bool(v.value) for v in table.value(flag[0], flag[1:]) if isinstance(v, Const)]
            name = f"settings.{flag[0]}" + "".join(f"[{key!r}]" for key in flag[1:])
            state = f", {'on' if known[0] else 'off'} by default" if len(known) == 1 else ""
            return ("" if holds else "not ") + name + state
    return ""


def _flag(test: Expr, scope: Scope) -> tuple[str, ...] | None:
    """`FEATURES.get("X")` or `FEATURES["X"]` as (FEATURES, X), `FLAG` as (FLAG,); None for another test."""
    if isinstance(test, CallResult):
        call = scope.calls[test.call]
        if isinstance(call.func, Attribute) and call.func.name == "get" and call.args:
            return _keyed(call.func.base, call.args[0], scope)
    if isinstance(test, Subscript):
        return _keyed(test.base, test.index, scope)
    name = _name(test, scope)
    return (name,) if name else None


def _keyed(base: Expr, key: Expr, scope: Scope) -> tuple[str, ...] | None:
    name, text = _name(base, scope), literal_text(key)
    return (name, text) if name and text is not None else None


def _name(expr: Expr, scope: Scope) -> str | None:
    """The setting's name behind an expression of its module."""
    if isinstance(expr, Name):
        return expr.name
    if isinstance(expr, Local):
        named = {name for name, indices in scope.names.items() if set(indices) & set(expr.definitions)}
        return named.pop() if len(named) == 1 else None
    return None
