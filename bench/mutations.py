"""Small changes to Python source, each of which some test should notice: where they can be made, and making them."""

from __future__ import annotations

import ast
import copy
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

_SWAPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
# Nothing that runs depends on what stands here.
_UNSEEN = ("annotation", "returns", "decorator_list", "type_params")


@dataclass(frozen=True, slots=True)
class Mutation:
    """A piece of a file (lines from 1, columns in bytes, as `ast` counts them) and what is put in its place."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str
    kind: str
    function: str

    def apply(self, source: bytes) -> bytes:
        """The source with the change made."""
        lines = source.splitlines(keepends=True)
        start = sum(map(len, lines[: self.line - 1])) + self.column
        end = sum(map(len, lines[: self.end_line - 1])) + self.end_column
        return source[:start] + self.text.encode() + source[end:]

    def was(self, source: bytes) -> str:
        """What stood there, on one line."""
        lines = source.splitlines()[self.line - 1 : self.end_line]
        lines[-1] = lines[-1][: self.end_column]
        lines[0] = lines[0][self.column :]
        return " ".join(b" ".join(lines).decode().split())


def mutations(source: bytes) -> list[Mutation]:
    """All changes that can be made to a module, in the order of their places."""
    tree = ast.parse(source)
    found = {m for node, function in _walk(tree, "") for m in _of_node(node, function)}
    return sorted(found, key=lambda m: (m.line, m.column, m.end_line, m.end_column, m.kind, m.text))


def _walk(node: ast.AST, function: str) -> Iterator[tuple[ast.AST, str]]:
    """Every node that runs, with the function that it stands in."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}".lstrip(".")
    yield node, function
    if isinstance(node, ast.JoinedStr):  # before Python 3.12 the places in it are not those of the file
        return
    for name, value in ast.iter_fields(node):
        if name in _UNSEEN or _is_type_checking(node) or _is_names_list(node):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child, function)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _is_names_list(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def _of_node(node: ast.AST, function: str) -> Iterator[Mutation]:
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            changed = copy.deepcopy(node)
            changed.ops[at] = _SWAPPED[type(operator)]()
            yield _replaced(node, changed, "comparison", function)
    elif isinstance(node, ast.BoolOp):
        changed_op = copy.deepcopy(node)
        changed_op.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield _replaced(node, changed_op, "and/or", function)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield _replaced(node, node.operand, "not taken away", function)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        for step in (1, -1):
            yield _replaced(node, ast.Constant(node.value + step), "constant", function)
    elif isinstance(node, ast.If | ast.While):
        yield _replaced(node.test, ast.UnaryOp(ast.Not(), node.test), "branches swapped", function)
    elif isinstance(node, ast.IfExp):
        yield _replaced(node, ast.IfExp(node.test, node.orelse, node.body), "branches swapped", function)
    elif isinstance(node, ast.Return) and node.value is not None and not _is_constant(node.value):
        yield _replaced(node.value, ast.Constant(None), "nothing returned", function)
    elif _may_go(node):
        assert isinstance(node, ast.stmt)
        yield _replaced(node, ast.Pass(), "statement taken away", function)


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _may_go(node: ast.AST) -> bool:
    """True for a statement without which the module still runs: no definition of a name, no docstring."""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant | ast.Yield | ast.YieldFrom)
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
    return isinstance(node, ast.AugAssign | ast.Continue | ast.Break)


def _replaced(old: ast.AST, new: ast.AST, kind: str, function: str) -> Mutation:
    assert isinstance(old, ast.expr | ast.stmt)
    assert old.end_lineno is not None
    assert old.end_col_offset is not None
    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(new)))
    if isinstance(old, ast.expr):  # what stands around it may bind closer
        text = f"({text})"
    text = textwrap.indent(text, " " * old.col_offset).lstrip()
    return Mutation(old.lineno, old.col_offset, old.end_lineno, old.end_col_offset, text, kind, function)
