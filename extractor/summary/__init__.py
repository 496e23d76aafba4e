"""Module summaries: one module's source as one small, serialisable record, a pure function of its bytes."""

from extractor.summary.encoding import decode, encode
from extractor.summary.expr import Expr
from extractor.summary.record import TOO_DEEP, CallExpr, ModuleSummary, Scope, unread
from extractor.summary.statements import summarize
from extractor.syntax import UNSURE

__all__ = [
    "TOO_DEEP",
    "UNSURE",
    "CallExpr",
    "Expr",
    "ModuleSummary",
    "Scope",
    "decode",
    "encode",
    "summarize",
    "unread",
]
