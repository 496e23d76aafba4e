"""Module summaries: one module's source as one small, serialisable record, a pure function of its bytes."""

from extractor.summary.record import CallExpr, ModuleSummary, Scope, Value, decode, encode
from extractor.summary.statements import summarize

__all__ = ["CallExpr", "ModuleSummary", "Scope", "Value", "decode", "encode", "summarize"]
