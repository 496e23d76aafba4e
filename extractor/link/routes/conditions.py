"""Conditions around a URL pattern, in words: `settings.DEBUG`, `not settings.FEATURES.get("ENABLE_X")`."""

from __future__ import annotations

import functools

from extractor.evaluate.arguments import held_by
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.feasible import truth
from extractor.evaluate.references import Reference
from extractor.evaluate.rounds import elements_in
from extractor.evaluate.values import Env, Frame, SettingRef, Value, Values
from extractor.summary import CallExpr, Expr, Scope
from extractor.summary.expr import (
    Alternatives,
    Attribute,
    CallResult,
    Closure,
    Comparison,
    Conjunction,
    Constant,
    ImportedModule,
    ImportedName,
    Local,
    Name,
    Negation,
    Parameter,
    Subscript,
)

MAX_TEXT = 160


OFF = "off as the settings stand"


def of_call(ev: Evaluator, place: Reference, call: CallExpr) -> tuple[str, ...]:
    """The conditions that must hold for a call to run, outermost first; what the settings answer with no says so. What
    a loop asks of its rounds is no condition."""
    scope = place.frame.owner.scope
    out = []
    for index in call.guards:
        test, holds, _line = scope.guards[index]
        text = "" if elements_in(scope, (test,)) else shown(test, scope)
        if text:
            off = _answer(ev, test, place.frame) is (not holds)
            out.append((_joinable(text) if holds else _opposite(text)) + (f" ({OFF})" if off else ""))
    return tuple(out)


def _joinable(text: str) -> str:
    """A condition as it may stand beside others that must hold, too."""
    return f"({text})" if " or " in text else text


def _opposite(text: str) -> str:
    if " and " in text or " or " in text:
        return f"not ({text})"
    return text.removeprefix("not ") if text.startswith("not ") else f"not {text}"


def is_passed_over(ev: Evaluator, place: Reference, call: CallExpr) -> bool:
    """Whether the round of a loop that `ev` knows passes over a call."""
    scope = place.frame.owner.scope
    guards = [scope.guards[index] for index in call.guards]
    asked = [(test, holds) for test, holds, _line in guards if elements_in(scope, (test,))]
    return any(_answer(ev, test, place.frame) is (not holds) for test, holds in asked)


def _answer(ev: Evaluator, test: Expr, frame: Frame) -> bool | None:
    """Whether a test holds as the settings stand; None when that is not known."""
    held = truth(ev, test, frame, functools.partial(_as_set, ev))
    return held if held is not None else _of_default(ev, test, frame)


def _as_set(ev: Evaluator, values: Values) -> Values:
    out: list[Value] = []
    for value in values:
        held = held_by(ev, value) if isinstance(value, SettingRef) else (value,)
        for one in held:
            out += one.default if isinstance(one, Env) else (one,)
    return tuple(out)


def _of_default(ev: Evaluator, test: Expr, frame: Frame) -> bool | None:
    """What `getattr(settings, "NAME", default)` comes to where no settings module has the name."""
    call = frame.owner.scope.calls[test.call] if isinstance(test, CallResult) else None
    if call is None or call.func != Name("getattr") or len(call.args) != 3 or ev.setting is None:
        return None
    asked = ev.eval(test, frame)
    undefined = all(isinstance(v, SettingRef) and not v.path and not ev.setting(v.name) for v in asked)
    return truth(ev, call.args[2], frame) if asked and undefined else None


def shown(expr: Expr, scope: Scope) -> str:
    """An expression as a person would write it, as far as the summary keeps it; "" when it does not."""
    return _text(expr, scope, 0)[:MAX_TEXT]


def _text(expr: Expr, scope: Scope, depth: int) -> str:
    if depth > 6:
        return ""
    if isinstance(expr, Constant):
        return repr(expr.value)
    if isinstance(expr, Name | Parameter | Closure | ImportedName):
        return expr.name
    if isinstance(expr, ImportedModule):
        return expr.module
    if isinstance(expr, Local):
        return _text(scope.defs[expr.definitions[0]][1], scope, depth + 1) if expr.definitions else ""
    if isinstance(expr, Attribute):
        base = _text(expr.base, scope, depth + 1)
        return f"{base}.{expr.name}" if base else ""
    if isinstance(expr, CallResult):
        return _call(scope.calls[expr.call], scope, depth)
    if isinstance(expr, Subscript):
        base, key = _text(expr.base, scope, depth + 1), _text(expr.index, scope, depth + 1)
        return f"{base}[{key}]" if base and key else ""
    if isinstance(expr, Conjunction | Alternatives):
        texts = [_text(part, scope, depth + 1) for part in expr.values]
        return (" and " if isinstance(expr, Conjunction) else " or ").join(texts) if all(texts) else ""
    if isinstance(expr, Negation):
        inner = _text(expr.operand, scope, depth + 1)
        return f"not {inner}" if inner else ""
    if isinstance(expr, Comparison):
        left, right = _text(expr.left, scope, depth + 1), _text(expr.right, scope, depth + 1)
        return f"{left} {expr.operator} {right}" if left and right else ""
    return ""


def _call(call: CallExpr, scope: Scope, depth: int) -> str:
    func = _text(call.func, scope, depth + 1)
    args = [_text(arg, scope, depth + 1) for arg in call.args]
    args += [f"{name}={_text(value, scope, depth + 1)}" for name, value in call.kwargs if name]
    return f"{func}({', '.join(args)})" if func else ""
