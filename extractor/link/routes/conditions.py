"""Conditions around a URL pattern, in words: `settings.DEBUG`, `not settings.FEATURES.get("ENABLE_X")`."""

from __future__ import annotations

from extractor.evaluate.references import Reference
from extractor.summary import CallExpr, Scope
from extractor.summary import Value as Expr

MAX_TEXT = 160


def of_call(place: Reference, call: CallExpr) -> tuple[str, ...]:
    """The conditions that must hold for a call to run, outermost first."""
    scope = place.frame.owner.scope
    out = []
    for index in call.guards:
        test, holds, _line = scope.guards[index]
        text = shown(test, scope)
        if text:
            out.append(text if holds else f"not {text}")
    return tuple(out)


def shown(expr: Expr, scope: Scope) -> str:
    """An expression as a person would write it, as far as the summary keeps it; "" when it does not."""
    return _text(expr, scope, 0)[:MAX_TEXT]


def _text(expr: Expr, scope: Scope, depth: int) -> str:
    if depth > 6:
        return ""
    tag = expr[0]
    if tag == "c":
        return repr(expr[1])
    if tag in ("n", "p"):
        return str(expr[1])
    if tag in ("m", "x"):
        return str(expr[-1])
    if tag == "mf":
        return str(expr[2])
    if tag == "v":
        return _text(scope.defs[expr[1][0]][1], scope, depth + 1) if expr[1] else ""
    if tag == "a":
        base = _text(expr[1], scope, depth + 1)
        return f"{base}.{expr[2]}" if base else ""
    if tag == "k":
        return _call(scope.calls[expr[1]], scope, depth)
    if tag == "i":
        base, key = _text(expr[1], scope, depth + 1), _text(expr[2], scope, depth + 1)
        return f"{base}[{key}]" if base and key else ""
    if tag in ("and", "o"):
        parts = [_text(part, scope, depth + 1) for part in expr[1]]
        return (" and " if tag == "and" else " or ").join(parts) if all(parts) else ""
    if tag == "u":
        inner = _text(expr[2], scope, depth + 1)
        return f"not {inner}" if inner else ""
    if tag == "cmp":
        left, right = _text(expr[2], scope, depth + 1), _text(expr[3], scope, depth + 1)
        return f"{left} {expr[1]} {right}" if left and right else ""
    return ""


def _call(call: CallExpr, scope: Scope, depth: int) -> str:
    func = _text(call.func, scope, depth + 1)
    args = [_text(arg, scope, depth + 1) for arg in call.args]
    args += [f"{name}={_text(value, scope, depth + 1)}" for name, value in call.kwargs if name]
    return f"{func}({', '.join(args)})" if func else ""
