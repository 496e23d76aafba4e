"""Statements: reads a module's body scope by scope, keeping which definitions reach which use."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Literal

from extractor import syntax
from extractor.summary.expr import (
    Attribute,
    BinaryOperation,
    Comparison,
    Constant,
    Declared,
    Defined,
    Element,
    Entered,
    Expr,
    ImportedModule,
    ImportedName,
    Opaque,
    SequenceDisplay,
)
from extractor.summary.expressions import value_of
from extractor.summary.locals import local_names
from extractor.summary.record import TOO_DEEP, CallExpr, ModuleSummary, Scope, unread
from extractor.summary.scopes import Names, ScopeBuilder, annotation_of
from extractor.text.masking import masked_text


def summarize(source: bytes, parser: Literal["auto", "libcst", "ast"] = "auto") -> ModuleSummary:
    """The summary of a module's source. Never raises for bad source: `error` says why it could not be read (UNSURE for
    what `ast` alone, when `parser` asks for that, does not read)."""
    parsed = syntax.parse(source, parser=parser)
    if isinstance(parsed, syntax.Unparsed):
        return unread(parsed.reason, parser)
    reader = _ModuleReader(walrus=":=" in parsed.text)
    try:
        reader.read_module(parsed.tree)
    except RecursionError:
        return unread(TOO_DEEP, parsed.parser)
    directives = tuple((d.line, d.rules, masked_text(d.reason)) for d in syntax.directives(parsed.text))
    imports = tuple(sorted(reader.imports))
    return ModuleSummary(reader.scopes, imports, tuple(reader.stars), directives, parsed.parser)


class _ModuleReader:
    """Walks one module. `scopes` fills in source order, inner scopes after the one that holds them."""

    def __init__(self, walrus: bool) -> None:
        self.walrus = walrus
        self.scopes: dict[str, Scope] = {}
        self.imports: set[str] = set()
        self.stars: list[str] = []

    def read_module(self, tree: ast.Module) -> None:
        scope = ScopeBuilder("", "module", tree, None, self.scopes)
        self.scopes[""] = scope.build()
        scope.doc = _doc(tree)
        self.body(tree.body, scope)
        self.scopes[""] = scope.build()

    def body(self, statements: Iterable[ast.stmt], scope: ScopeBuilder) -> bool:
        """Reads statements in order. True when control cannot run off their end (return, raise, continue, break)."""
        before = scope.guarded
        ends = self.statements(statements, scope)
        scope.guarded = before
        return ends

    def statements(self, statements: Iterable[ast.stmt], scope: ScopeBuilder) -> bool:
        """The same, what guards their end left in force."""
        for statement in statements:
            handler = _STATEMENTS.get(type(statement))
            if handler is None:
                for child in ast.iter_child_nodes(statement):
                    if isinstance(child, ast.expr):
                        value_of(child, scope)
            elif handler(self, statement, scope):
                return True
        return False

    # definitions -----------------------------------------------------------------------------------------------

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: ScopeBuilder) -> None:
        child = ScopeBuilder(scope.child_name(node.name), "function", node, scope, self.scopes)
        child.decorators = tuple([value_of(decorator, scope) for decorator in node.decorator_list])
        child.local_names = local_names(node, self.walrus)
        self.scopes[child.name] = child.build()
        child.read_params(node.args, scope)
        child.return_annotation = annotation_of(node.returns, scope)
        child.doc = _doc(node)
        scope.bind(node.name, Defined(child.name), node.lineno)
        self.body(node.body, child)
        self.scopes[child.name] = child.build()

    def class_(self, node: ast.ClassDef, scope: ScopeBuilder) -> None:
        child = ScopeBuilder(scope.child_name(node.name), "class", node, scope, self.scopes)
        child.decorators = tuple([value_of(decorator, scope) for decorator in node.decorator_list])
        child.bases = tuple([value_of(base, scope) for base in node.bases])
        child.keywords = tuple([(kw.arg or "**", value_of(kw.value, scope)) for kw in node.keywords])
        child.doc = _doc(node)
        self.scopes[child.name] = child.build()
        scope.bind(node.name, Defined(child.name), node.lineno)
        self.body(node.body, child)
        self.scopes[child.name] = child.build()

    # imports ---------------------------------------------------------------------------------------------------

    def import_(self, node: ast.Import, scope: ScopeBuilder) -> None:
        for alias in node.names:
            self.imports.add(alias.name)
            target = alias.name if alias.asname else alias.name.split(".")[0]
            scope.bind(alias.asname or target, ImportedModule(target), node.lineno)

    def import_from(self, node: ast.ImportFrom, scope: ScopeBuilder) -> None:
        module = "." * node.level + (node.module or "")
        self.imports.add(module)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module)
            else:
                self.imports.add(f"{module}.{alias.name}" if node.module else module + alias.name)
                scope.bind(alias.asname or alias.name, ImportedName(module, alias.name), node.lineno)

    # assignments -----------------------------------------------------------------------------------------------

    def assign(self, node: ast.Assign, scope: ScopeBuilder) -> None:
        with scope.reassigned(node.targets):
            value = value_of(node.value, scope)
        for target in node.targets:
            scope.bind_target(target, value, node.lineno)

    def annotated(self, node: ast.AnnAssign, scope: ScopeBuilder) -> None:
        annotation = annotation_of(node.annotation, scope)
        if isinstance(node.target, ast.Name) and annotation is not None:
            scope.annotations[node.target.id] = annotation
        if node.value is not None:
            scope.bind_target(node.target, value_of(node.value, scope), node.lineno)
        elif isinstance(node.target, ast.Attribute) and annotation is not None:
            value = Declared(annotation)
            scope.attrs.append((value_of(node.target.value, scope), node.target.attr, value, node.lineno))

    def augmented(self, node: ast.AugAssign, scope: ScopeBuilder) -> None:
        value = value_of(node.value, scope)
        operator = "+" if isinstance(node.op, ast.Add) else "|" if isinstance(node.op, ast.BitOr) else "?"
        if isinstance(node.target, ast.Name):
            scope.bind(node.target.id, BinaryOperation(scope.lookup(node.target.id), value, operator), node.lineno)
        else:
            with scope.reassigned([node.target]):
                former = scope.former_value(node.target) or Opaque("augmented")
            scope.bind_target(node.target, BinaryOperation(former, value, operator), node.lineno)

    def declare_global(self, node: ast.Global, scope: ScopeBuilder) -> None:
        scope.global_names.update(node.names)

    def declare_nonlocal(self, node: ast.Nonlocal, scope: ScopeBuilder) -> None:
        scope.nonlocal_names.update(node.names)

    def delete(self, node: ast.Delete, scope: ScopeBuilder) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
                method = Attribute(value_of(target.value, scope), "__delitem__")
                ends = node.end_lineno or node.lineno
                key = value_of(target.slice, scope)
                scope.calls.append(CallExpr(node.lineno, ends, method, (key,), (), scope.guarded))
            else:
                value_of(target, scope)

    # control flow ----------------------------------------------------------------------------------------------

    def if_(self, node: ast.If, scope: ScopeBuilder) -> bool:
        test = value_of(node.test, scope)
        before = dict(scope.env)
        with scope.guard(test, True, node.lineno) as guard:
            body_ends = self.body(node.body, scope)
        after_body, scope.env = scope.env, before
        in_function = scope.kind == "function"  # what a module raises at its top stops all of it
        if (in_function and body_ends) or _leaves(node.body):
            scope.guard_rest(test, False, node.lineno)
            else_ends = self.statements(node.orelse, scope)
        else:
            with scope.guard(test, False, node.lineno):
                else_ends = self.body(node.orelse, scope)
            if (in_function and else_ends) or _leaves(node.orelse):
                scope.guard_rest(test, True, node.lineno)
        if body_ends and else_ends:
            return True
        if else_ends:
            scope.env = after_body
        elif not body_ends:
            scope.env = scope.merge(after_body, scope.env, guard)
        return False

    def for_(self, node: ast.For | ast.AsyncFor, scope: ScopeBuilder) -> None:
        iterable = value_of(node.iter, scope)
        before = dict(scope.env)
        with scope.repeated():
            scope.bind_target(node.target, Element(iterable), node.lineno)
            self.body(node.body, scope)
        scope.env = scope.merge(before, scope.env)
        self.loop_else(node, scope)

    def loop_else(self, node: ast.For | ast.AsyncFor | ast.While, scope: ScopeBuilder) -> None:
        """A loop's `else`, which a `break` passes over."""
        after_loop = dict(scope.env)
        ends = self.body(node.orelse, scope)
        if ends or any(isinstance(inner, ast.Break) for statement in node.body for inner in ast.walk(statement)):
            scope.env = after_loop if ends else scope.merge(after_loop, scope.env)

    def while_(self, node: ast.While, scope: ScopeBuilder) -> None:
        with scope.repeated():
            test = value_of(node.test, scope)
            before = dict(scope.env)
            with scope.guard(test, True, node.lineno):
                self.body(node.body, scope)
        scope.env = scope.merge(before, scope.env)
        self.loop_else(node, scope)

    def with_(self, node: ast.With | ast.AsyncWith, scope: ScopeBuilder) -> bool:
        for item in node.items:
            value = value_of(item.context_expr, scope)
            scope.withs.append((item.context_expr.lineno, node.end_lineno or node.lineno, value))
            if item.optional_vars is not None:
                scope.bind_target(item.optional_vars, Entered(value), node.lineno)
        return self.body(node.body, scope)

    def try_(self, node: ast.Try, scope: ScopeBuilder) -> bool:
        before = dict(scope.env)
        ends = self.body(node.body, scope)
        after_body = scope.env
        ways = [] if ends else [after_body]
        for handler in node.handlers:
            scope.env = scope.merge(before, after_body)
            if handler.name:
                scope.bind(handler.name, Opaque("exception"), handler.lineno)
            if not self.body(handler.body, scope):
                ways.append(scope.env)
        if not ends and node.orelse:
            scope.env = after_body
            else_ends = self.body(node.orelse, scope)
            ways[:1] = [] if else_ends else [scope.env]
        scope.env = ways[0] if ways else after_body
        for way in ways[1:]:
            scope.env = scope.merge(scope.env, way)
        final_ends = self.body(node.finalbody, scope)
        return final_ends or not ways

    def match_(self, node: ast.Match, scope: ScopeBuilder) -> None:
        subject = value_of(node.subject, scope)
        before, around = dict(scope.env), scope.guarded
        ways: list[tuple[int | None, Names]] = []
        left: list[int] = []  # guards of what follows: it runs only where no case that ends was taken
        for case in node.cases:
            scope.env = dict(before)
            for name in _captures(case.pattern):
                scope.bind(name, Opaque("match capture"), case.pattern.lineno)
            if case.guard is not None:
                value_of(case.guard, scope)
            test, guard = _matches(subject, case.pattern, scope), None
            if test is None or case.guard is not None:
                ends = self.body(case.body, scope)
            else:
                with scope.guard(test, True, case.pattern.lineno) as guard:
                    ends = self.body(case.body, scope)
                scope.guard_rest(test, False, case.pattern.lineno)
                left += scope.guarded[-1:] if ends else ()
            if not ends:
                ways.append((guard, scope.env))
        scope.guarded = (*around, *left)
        if not _takes_all(node.cases[-1]) or not ways:
            ways.append((None, before))
        _last, scope.env = ways.pop()
        for guard, way in reversed(ways):
            scope.env = scope.merge(way, scope.env, guard)

    def return_(self, node: ast.Return, scope: ScopeBuilder) -> bool:
        if node.value is not None:
            scope.returns.append(value_of(node.value, scope))
            scope.return_guards.append(scope.guarded)
        return True

    def raise_(self, node: ast.Raise, scope: ScopeBuilder) -> bool:
        for part in (node.exc, node.cause):
            if part is not None:
                value_of(part, scope)
        return True

    def jump(self, node: ast.Break | ast.Continue, scope: ScopeBuilder) -> bool:
        return False  # what was bound before a jump still reaches the code after the loop


_STATEMENTS: dict[type[ast.stmt], Callable[..., bool | None]] = {
    ast.FunctionDef: _ModuleReader.function,
    ast.AsyncFunctionDef: _ModuleReader.function,
    ast.ClassDef: _ModuleReader.class_,
    ast.Import: _ModuleReader.import_,
    ast.ImportFrom: _ModuleReader.import_from,
    ast.Assign: _ModuleReader.assign,
    ast.AnnAssign: _ModuleReader.annotated,
    ast.AugAssign: _ModuleReader.augmented,
    ast.Global: _ModuleReader.declare_global,
    ast.Nonlocal: _ModuleReader.declare_nonlocal,
    ast.If: _ModuleReader.if_,
    ast.For: _ModuleReader.for_,
    ast.AsyncFor: _ModuleReader.for_,
    ast.While: _ModuleReader.while_,
    ast.With: _ModuleReader.with_,
    ast.AsyncWith: _ModuleReader.with_,
    ast.Try: _ModuleReader.try_,
    ast.TryStar: _ModuleReader.try_,
    ast.Match: _ModuleReader.match_,
    ast.Delete: _ModuleReader.delete,
    ast.Return: _ModuleReader.return_,
    ast.Raise: _ModuleReader.raise_,
    ast.Break: _ModuleReader.jump,
    ast.Continue: _ModuleReader.jump,
}


def _leaves(body: list[ast.stmt]) -> bool:
    """Whether control never comes to what follows in the block around: what was bound before may still be seen there,
    after a loop."""
    return bool(body) and isinstance(body[-1], ast.Break | ast.Continue)


def _takes_all(case: ast.match_case) -> bool:
    """Whether a case takes whatever comes: `case _:`, `case other:`."""
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def _matches(subject: Expr, pattern: ast.pattern, scope: ScopeBuilder) -> Expr | None:
    """The test that a pattern of literals makes; None for any other pattern.

    See https://docs.python.org/3/reference/compound_stmts.html#literal-patterns.
    """
    if isinstance(pattern, ast.MatchValue):
        return Comparison(subject, value_of(pattern.value, scope), "Eq")
    if isinstance(pattern, ast.MatchSingleton):
        return Comparison(subject, Constant(pattern.value), "Is")
    if isinstance(pattern, ast.MatchOr) and all(isinstance(one, ast.MatchValue) for one in pattern.patterns):
        values = tuple([value_of(one.value, scope) for one in pattern.patterns if isinstance(one, ast.MatchValue)])
        return Comparison(subject, SequenceDisplay(values), "In")
    return None


def _captures(pattern: ast.pattern) -> list[str]:
    found = []
    for node in ast.walk(pattern):
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if isinstance(name, str):
            found.append(name)
    return found


def _doc(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The first line of the docstring, at most 200 characters."""
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines = first.value.value.strip().splitlines()
        return masked_text(lines[0].strip()[:200]) if lines else ""
    return ""
