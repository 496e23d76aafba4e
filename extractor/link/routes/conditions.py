"""Conditions around a URL pattern, in words: `settings.DEBUG`, `not settings.FEATURES.get("ENABLE_X")`."""

from __future__ import annotations

from extractor.evaluate.references import Reference
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


def of_call(place: Reference, call: CallExpr) -> tuple[str, ...]:
    """The conditions that must hold for a call to run, outermost first."""
    scope = place.frame.owner.scope
    out = []
    for index in call.guards:
        test, holds, _line = scope.guards[index]
        text = shown(test, scope)
        if text:
            out.append(_joinable(text) if holds else _opposite(text))
    return tuple(out)


def _joinable(text: str) -> str:
    """A condition as it may stand beside others that must hold, too."""
    return f"({text})" if " or " in text else text


def _opposite(text: str) -> str:
    if " and " in text or " or " in text:
        return f"not ({text})"
    return text.removeprefix("not ") if text.startswith("not ") else f"not {text}"


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
