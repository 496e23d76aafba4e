"""Modules and statements of libcst as the same nodes of `ast`, with the same positions."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import libcst

from extractor.syntax.expressions import arguments, call_arguments, expression, optional, target
from extractor.syntax.patterns import match_case
from extractor.syntax.spans import Spans

_AUGMENTED: dict[str, type[ast.operator]] = {
    "AddAssign": ast.Add,
    "SubtractAssign": ast.Sub,
    "MultiplyAssign": ast.Mult,
    "MatrixMultiplyAssign": ast.MatMult,
    "DivideAssign": ast.Div,
    "FloorDivideAssign": ast.FloorDiv,
    "ModuloAssign": ast.Mod,
    "PowerAssign": ast.Pow,
    "LeftShiftAssign": ast.LShift,
    "RightShiftAssign": ast.RShift,
    "BitAndAssign": ast.BitAnd,
    "BitOrAssign": ast.BitOr,
    "BitXorAssign": ast.BitXor,
}


def module_tree(module: libcst.Module) -> ast.Module:
    """A whole module. Raises KeyError for a node that is not known, SyntaxError for a literal Python refuses."""
    spans = Spans.of(module)
    tree = ast.Module(body=list(_statements(spans, module.body)), type_ignores=[])
    if not spans.code.isascii():
        _normalise(tree)
    return tree


def _normalise(tree: ast.Module) -> None:
    """Brings identifiers to the form in which Python compares them (NFKC, PEP 3131), as `ast` does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            continue
        for field, value in ast.iter_fields(node):
            if isinstance(value, str):
                setattr(node, field, unicodedata.normalize("NFKC", value))
            elif isinstance(value, list) and value and isinstance(value[0], str):
                setattr(node, field, [unicodedata.normalize("NFKC", name) for name in value])


def _statements(spans: Spans, nodes: Sequence[Any]) -> Iterator[ast.stmt]:
    for node in nodes:
        if isinstance(node, libcst.SimpleStatementLine):
            yield from (_simple(spans, small) for small in node.body)
        else:
            yield _COMPOUND[type(node).__name__](spans, node)


def _simple(spans: Spans, node: Any) -> ast.stmt:
    return spans.put_as(_SIMPLE[type(node).__name__](spans, node), node)


def _body(spans: Spans, suite: Any) -> list[ast.stmt]:
    """The statements of a block, on lines of their own or behind the colon."""
    if isinstance(suite, libcst.SimpleStatementSuite):
        return [_simple(spans, small) for small in suite.body]
    return list(_statements(spans, suite.body))


def _orelse(spans: Spans, node: Any) -> list[ast.stmt]:
    if node is None:
        return []
    return [_if(spans, node)] if isinstance(node, libcst.If) else _body(spans, node.body)


def _block_end(spans: Spans, node: Any) -> int:
    """Offset behind the last token of a compound statement or clause; a closing semicolon belongs to it."""
    while True:
        last = _last_clause(node)
        if last is None:
            break
        node = last
    semicolon = getattr(node, "semicolon", None)
    if isinstance(semicolon, libcst.Semicolon):
        return spans.end(semicolon.whitespace_before) + 1
    return spans.end(node)


def _last_clause(node: Any) -> Any:
    """What ends a statement or block: its last clause, block or statement; None for a small statement."""
    for name in ("finalbody", "orelse"):
        if getattr(node, name, None) is not None and isinstance(node, libcst.BaseCompoundStatement):
            return getattr(node, name)
    if getattr(node, "handlers", ()):
        return node.handlers[-1]
    if isinstance(node, libcst.Match):
        return node.cases[-1]
    body = getattr(node, "body", None)
    if isinstance(node, libcst.BaseSmallStatement) or body is None:
        return None
    return body[-1] if isinstance(body, Sequence) else body


def _whole(spans: Spans, made: Any, node: Any) -> Any:
    return spans.put(made, spans.start(node), _block_end(spans, node))


def _function(spans: Spans, node: libcst.FunctionDef) -> ast.stmt:
    kind: Any = ast.AsyncFunctionDef if node.asynchronous else ast.FunctionDef
    made = kind(
        name=node.name.value,
        args=arguments(spans, node.params),
        body=_body(spans, node.body),
        decorator_list=[expression(spans, decorator.decorator) for decorator in node.decorators],
        returns=optional(spans, node.returns.annotation if node.returns else None),
        type_comment=None,
        **_NO_TYPE_PARAMETERS,
    )
    return _at_keyword(spans, made, node)


def _class(spans: Spans, node: libcst.ClassDef) -> ast.stmt:
    bases, keywords = call_arguments(spans, [*node.bases, *node.keywords])
    made = ast.ClassDef(
        name=node.name.value,
        bases=bases,
        keywords=keywords,
        body=_body(spans, node.body),
        decorator_list=[expression(spans, decorator.decorator) for decorator in node.decorators],
        **_NO_TYPE_PARAMETERS,
    )
    return _at_keyword(spans, made, node)


# Type parameters are dropped: where `ast` has a field for them it is left empty.
_NO_TYPE_PARAMETERS: dict[str, Any] = {"type_params": []} if "type_params" in ast.ClassDef._fields else {}


def _at_keyword(spans: Spans, made: Any, node: Any) -> ast.stmt:
    """Places a function or class: from `def`, `async` or `class`, the decorators left out."""
    placed: ast.stmt = _whole(spans, made, node)
    return placed


def _if(spans: Spans, node: libcst.If) -> ast.stmt:
    made = ast.If(test=expression(spans, node.test), body=_body(spans, node.body), orelse=_orelse(spans, node.orelse))
    placed: ast.stmt = _whole(spans, made, node)
    return placed


def _while(spans: Spans, node: libcst.While) -> ast.stmt:
    test, body = expression(spans, node.test), _body(spans, node.body)
    placed: ast.stmt = _whole(spans, ast.While(test=test, body=body, orelse=_orelse(spans, node.orelse)), node)
    return placed


def _for(spans: Spans, node: libcst.For) -> ast.stmt:
    kind: Any = ast.AsyncFor if node.asynchronous else ast.For
    made = kind(
        target=target(spans, node.target),
        iter=expression(spans, node.iter),
        body=_body(spans, node.body),
        orelse=_orelse(spans, node.orelse),
        type_comment=None,
    )
    placed: ast.stmt = _whole(spans, made, node)
    return placed


def _with(spans: Spans, node: libcst.With) -> ast.stmt:
    kind: Any = ast.AsyncWith if node.asynchronous else ast.With
    items = [
        ast.withitem(
            context_expr=expression(spans, item.item),
            optional_vars=target(spans, item.asname.name) if item.asname else None,
        )
        for item in node.items
    ]
    placed: ast.stmt = _whole(spans, kind(items=items, body=_body(spans, node.body), type_comment=None), node)
    return placed


def _try(spans: Spans, node: Any) -> ast.stmt:
    kind: Any = ast.Try if isinstance(node, libcst.Try) else ast.TryStar
    made = kind(
        body=_body(spans, node.body),
        handlers=[_handler(spans, handler) for handler in node.handlers],
        orelse=_orelse(spans, node.orelse),
        finalbody=_orelse(spans, node.finalbody),
    )
    placed: ast.stmt = _whole(spans, made, node)
    return placed


def _handler(spans: Spans, node: Any) -> ast.ExceptHandler:
    name = node.name.name.value if node.name else None
    made = ast.ExceptHandler(type=optional(spans, node.type), name=name, body=_body(spans, node.body))
    placed: ast.ExceptHandler = _whole(spans, made, node)
    return placed


def _match(spans: Spans, node: libcst.Match) -> ast.stmt:
    cases = [match_case(spans, case, _body(spans, case.body)) for case in node.cases]
    placed: ast.stmt = _whole(spans, ast.Match(subject=expression(spans, node.subject), cases=cases), node)
    return placed


def _delete(spans: Spans, node: libcst.Del) -> ast.stmt:
    made = target(spans, node.target, ast.Del())
    several = isinstance(made, ast.Tuple) and not node.target.lpar
    return ast.Delete(targets=made.elts if several and isinstance(made, ast.Tuple) else [made])


def _assign(spans: Spans, node: libcst.Assign) -> ast.stmt:
    targets = [target(spans, part.target) for part in node.targets]
    return ast.Assign(targets=targets, value=expression(spans, node.value), type_comment=None)


def _annotated(spans: Spans, node: libcst.AnnAssign) -> ast.stmt:
    assigned: Any = target(spans, node.target)
    note = expression(spans, node.annotation.annotation)
    return ast.AnnAssign(
        target=assigned, annotation=note, value=optional(spans, node.value), simple=int(isinstance(assigned, ast.Name))
    )


def _augmented(spans: Spans, node: libcst.AugAssign) -> ast.stmt:
    return ast.AugAssign(
        target=target(spans, node.target),  # type: ignore[arg-type]
        op=_AUGMENTED[type(node.operator).__name__](),
        value=expression(spans, node.value),
    )


def _type_alias(spans: Spans, node: libcst.TypeAlias) -> ast.stmt:
    """`type X = v` is kept as the assignment `X = v`."""
    return ast.Assign(targets=[target(spans, node.name)], value=expression(spans, node.value), type_comment=None)


def _import(spans: Spans, node: Any) -> ast.stmt:
    return ast.Import(names=[_alias(spans, name) for name in node.names])


def _import_from(spans: Spans, node: Any) -> ast.stmt:
    if isinstance(node.names, libcst.ImportStar):
        names = [spans.put_as(ast.alias(name="*", asname=None), node.names)]
    else:
        names = [_alias(spans, name) for name in node.names]
    module = _dotted(node.module) if node.module else None
    return ast.ImportFrom(module=module, names=names, level=len(node.relative))


def _alias(spans: Spans, node: libcst.ImportAlias) -> ast.alias:
    asname = node.asname.name if node.asname else None
    made = ast.alias(name=_dotted(node.name), asname=asname.value if isinstance(asname, libcst.Name) else None)
    return spans.put(made, spans.start(node.name), spans.end(asname or node.name))


def _dotted(node: Any) -> str:
    parts: list[str] = []
    while isinstance(node, libcst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    return ".".join([node.value, *reversed(parts)])


def _raise(spans: Spans, node: libcst.Raise) -> ast.stmt:
    return ast.Raise(exc=optional(spans, node.exc), cause=optional(spans, node.cause.item if node.cause else None))


def _assert(spans: Spans, node: libcst.Assert) -> ast.stmt:
    return ast.Assert(test=expression(spans, node.test), msg=optional(spans, node.msg))


_SIMPLE: dict[str, Callable[[Spans, Any], ast.stmt]] = {
    "Expr": lambda spans, node: ast.Expr(value=expression(spans, node.value)),
    "Return": lambda spans, node: ast.Return(value=optional(spans, node.value)),
    "Pass": lambda spans, node: ast.Pass(),
    "Break": lambda spans, node: ast.Break(),
    "Continue": lambda spans, node: ast.Continue(),
    "Global": lambda spans, node: ast.Global(names=[item.name.value for item in node.names]),
    "Nonlocal": lambda spans, node: ast.Nonlocal(names=[item.name.value for item in node.names]),
    "Del": _delete,
    "Assign": _assign,
    "AnnAssign": _annotated,
    "AugAssign": _augmented,
    "TypeAlias": _type_alias,
    "Import": _import,
    "ImportFrom": _import_from,
    "LazyImport": _import,
    "LazyImportFrom": _import_from,
    "Raise": _raise,
    "Assert": _assert,
}

_COMPOUND: dict[str, Callable[[Spans, Any], ast.stmt]] = {
    "FunctionDef": _function,
    "ClassDef": _class,
    "If": _if,
    "While": _while,
    "For": _for,
    "With": _with,
    "Try": _try,
    "TryStar": _try,
    "Match": _match,
}
