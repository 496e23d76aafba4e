"""What expressions need of the scope they stand in."""

from __future__ import annotations

import ast
from contextlib import AbstractContextManager
from typing import Protocol

from extractor.summary.expr import Attribute, Expr
from extractor.summary.record import CallExpr


class Recorder(Protocol):
    """A scope while its body is read: names are looked up and bound in it, calls and reads are put down."""

    calls: list[CallExpr]
    reads: list[tuple[int, Attribute]]
    yields: list[Expr]
    guarded: tuple[int, ...]

    def lookup(self, name: str) -> Expr:
        """The value of a name read here."""

    def attribute(self, value: Attribute) -> Expr:
        """The value of an attribute read here."""

    def bind(self, name: str, value: Expr, line: int) -> None:
        """Binds a name to a value from here on."""

    def bind_target(self, target: ast.expr, value: Expr, line: int) -> None:
        """Binds the target of an assignment, loop or `with`."""

    def guard(self, test: Expr, holds: bool, line: int) -> AbstractContextManager[int]:
        """Calls put down inside stand under the test, or under its contrary; gives the guard's place."""

    def inner_names(self) -> AbstractContextManager[None]:
        """Names bound inside are forgotten afterwards, as in a comprehension."""

    def nested_lambda(self, node: ast.Lambda) -> Expr:
        """The value of a lambda, whose body becomes a scope of its own."""
