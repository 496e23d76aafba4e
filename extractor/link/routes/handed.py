"""What functions of the project are handed and give back on the way to a list of patterns, as places.

A list that goes through a function (`urlpatterns = under_prefix(own)`, `path("v1/", slashless(include(urls)))`) keeps
the lines that make its patterns: a parameter leads to what stands at the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from extractor.evaluate.arguments import arguments, entry_frame
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.references import Reference, names_of, references
from extractor.evaluate.values import DefRef, Ext, Frame, Seq, Value
from extractor.program.module import Def, Module
from extractor.rules.routes import route_rules
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Attribute, Parameter, SequenceDisplay, Starred

MAX_ENTERED = 8  # functions around what is included, one in another


@dataclass(slots=True)
class Handed:
    """Answers where a parameter leads; the functions that the walk enters are told to it."""

    ev: Evaluator
    _given: dict[Frame, dict[str, tuple[Reference, ...]]] = field(default_factory=dict)

    def entered(self, func: DefRef, place: Reference, call: CallExpr) -> Frame:
        """The frame of a function of the project as the call at a place enters it."""
        frame = entry_frame(self.ev, func, *arguments(self.ev, call, place.frame))
        self._given[frame] = dict(_arguments(func, place, call))
        return frame

    def given(self, place: Reference) -> tuple[Reference, ...]:
        """What was handed over for the parameter at a place; () when it is none, or nothing is known."""
        if not isinstance(place.expr, Parameter):
            return ()
        return self._given.get(place.frame, {}).get(place.expr.name, ())

    def leads(self, place: Reference) -> Iterator[Reference | Module]:
        """The places where a value is written, as `references`, through parameters too."""
        for found in references(self.ev, place):
            handed = self.given(found) if isinstance(found, Reference) else ()
            for one in handed:
                yield from self.leads(one)
            if not handed:
                yield found

    def included(self, view: Reference, depth: int = 0) -> Reference | None:
        """The place of what is included, when the second argument of `path()` is no view."""
        for found in self.leads(view):
            if isinstance(found, Module):
                return view if depth == 0 else None
            if found.call is not None:
                return self._included_by_call(found, found.call, depth)
            if isinstance(found.expr, SequenceDisplay) or _is_urls(found.expr):
                return found
        return None

    def _included_by_call(self, place: Reference, call: CallExpr, depth: int) -> Reference | None:
        if call.args and route_rules().functions.include.intersection(names_of(self.ev, place.at(call.func))):
            return place.at(call.args[0])
        for value in self.ev.eval(call.func, place.frame) if depth < MAX_ENTERED else ():
            if isinstance(value, DefRef) and value.target.kind in ("function", "lambda"):
                frame = self.entered(value, place, call)
                inside = (self.included(Reference(expr, frame), depth + 1) for expr in value.target.scope.returns)
            elif isinstance(value, Ext):  # an unread function, handed what include() gives
                given = (one for arg in call.args for one in self.leads(place.at(arg)) if isinstance(one, Reference))
                inside = (self._included_by_call(one, one.call, depth + 1) for one in given if one.call is not None)
            else:
                continue
            if (inner := next((one for one in inside if one is not None), None)) is not None:
                return inner
        return None


def holds_patterns(value: Value) -> bool:
    """True for what `path()` or `re_path()` gave, and for a list that holds such."""
    if isinstance(value, Seq):
        return any(holds_patterns(one) for item in value.items for one in item)
    known = route_rules().functions
    return isinstance(value, Ext) and value.path.removesuffix("()") in known.path | known.regex


def _is_urls(expr: Expr) -> bool:
    return isinstance(expr, Attribute) and expr.name == "urls"


def _arguments(func: DefRef, place: Reference, call: CallExpr) -> Iterator[tuple[str, tuple[Reference, ...]]]:
    """The arguments of a call by parameter, as places; those that follow a spread one (`*lists`) are not told."""
    names = _parameters(func.target, func.self is not None)
    rest = [place.at(arg.value if isinstance(arg, Starred) else arg) for arg in call.args]
    spread = next((at for at, arg in enumerate(call.args) if isinstance(arg, Starred)), len(rest))
    named = {name: place.at(expr) for name, expr in call.kwargs if name is not None}
    for at, (name, kind) in enumerate(names):
        if kind == "*":
            yield name, tuple(rest[at:])
        elif kind == "pos" and at < min(spread, len(rest)):
            yield name, (rest[at],)
        elif name in named:
            yield name, (named[name],)


def _parameters(target: Def, is_bound: bool) -> list[tuple[str, str]]:
    names = [(name, kind) for name, kind, _default, _annotation in target.scope.params]
    return names[1:] if is_bound else names
