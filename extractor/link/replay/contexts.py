"""Value contexts: the part of what a function is given by which its visits are told apart.

A function is visited once for each value context (Sharir and Pnueli's functional approach; *value contexts* of Padhye
and Khedker, 2013). Values are cut at a depth and to a number of alternatives, so that there are few of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from extractor.evaluate.attributes import SELF
from extractor.evaluate.values import (
    Args,
    Const,
    DefRef,
    Env,
    Ext,
    Inst,
    Kwargs,
    Mapping,
    Param,
    Partial,
    Piped,
    Seq,
    Super,
    Text,
    Unknown,
    Value,
    Values,
)

MAX_DEPTH = 3  # objects in objects in objects
MAX_ITEMS = 12  # of a sequence or mapping
MAX_ALTERNATIVES = 4
MAX_STEPS = 8  # from a package to what was asked of its objects, one after the other
MAX_OF_OWN = 1  # names asked of an object of the repository's own: a method that was not read, and runs its others
MAX_TEXT = 300  # characters and holes
_NOT_FOLLOWED = Unknown("not followed into the function")


class Contexts:
    """Cuts values to what contexts hold. `followed` are the access paths of what matters to what is sent: an object
    that other code made, of which no rule speaks (a row, a request, a block), tells nothing, whatever is asked of
    it."""

    def __init__(self, followed: Iterable[str]) -> None:
        self._followed = frozenset(form for path in followed for form in (path, f"{path}()"))
        begun = {tuple(path.split(".")[:count]) for path in self._followed for count in range(1, path.count(".") + 2)}
        self._on_the_way = frozenset(form for names in begun for form in (".".join(names), ".".join(names)[:-2]))
        self._longest = 1 + max((path.count(".") for path in self._followed), default=0)
        self._known: dict[tuple[Value, int], Value | None] = {}

    def arguments(self, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        """The arguments of a call as a context holds them."""
        return self._each(args, MAX_DEPTH), self._named(kwargs, MAX_DEPTH)

    def receiver(self, value: Value | None) -> Value | None:
        """What a method is bound to, as a context holds it; an object of which too much is known keeps its class."""
        if value is None:
            return None
        found = self._kept(value, MAX_DEPTH)
        return found if found is not None else value

    def kept(self, values: Values, depth: int = MAX_DEPTH) -> Values:
        """The values as a context holds them; () when nothing of them is known. What is not followed stays as one
        unknown alternative, so that no branch is taken for the only one."""
        known: list[Value] = []
        is_open = len(values) > MAX_ALTERNATIVES
        for value in values[:MAX_ALTERNATIVES]:
            found = self._kept(value, depth)
            if found is None:
                is_open = True
            elif found not in known:
                known.append(found)
        return (*known, _NOT_FOLLOWED) if known and is_open else tuple(known)

    def _kept(self, value: Value, depth: int) -> Value | None:
        kind = value.__class__
        if kind is Const:
            return value
        if kind is Unknown or kind is Param:
            return None
        key = (value, depth)
        if key in self._known:
            return self._known[key]
        found = self._known[key] = self._kept_anew(value, depth)
        return found

    def _kept_anew(self, value: Value, depth: int) -> Value | None:
        if isinstance(value, Text):
            size = sum(len(part) if isinstance(part, str) else 1 for part in value.parts)
            return value if size <= MAX_TEXT else None
        if isinstance(value, Ext) and not self._matters(value):
            return None
        if depth <= 0:
            return value if not isinstance(value, Inst | Ext | Seq | Mapping | Partial | Env | Piped) else None
        return self._cut(value, depth - 1)

    def _matters(self, value: Ext) -> bool:
        """Whether a rule may speak of an object that was not read: of its package, or by a class of the repository's
        own that it belongs to."""
        if self._is_followed(value.path):
            return value.path.count(".") <= MAX_STEPS
        holder: Ext | None = value
        while holder is not None:
            if any(name == SELF for name, _values in holder.kwargs):
                return value.path.count(".") - holder.path.count(".") <= MAX_OF_OWN
            holder = holder.receiver
        return False

    def _is_followed(self, path: str) -> bool:
        """Whether a followed path, or what leads to one, is what an access path is or begins with."""
        if path in self._on_the_way:
            return True
        names = path.split(".", self._longest)[: self._longest]
        return any(".".join(names[:count]) in self._followed for count in range(1, len(names) + 1))

    def _cut(self, value: Value, depth: int) -> Value:
        """A value with what it holds cut to a depth."""
        if isinstance(value, Inst):
            bindings = tuple((name, inner) for name, values in value.bindings if (inner := self.kept(values, depth)))
            return Inst(value.cls, bindings, value.known)
        if isinstance(value, Ext):
            receiver = self._cut(value.receiver, depth - 1) if value.receiver is not None and depth > 0 else None
            args, kwargs = self._each(value.args, depth), self._named(value.kwargs, depth)
            return Ext(value.path, args, kwargs, receiver if isinstance(receiver, Ext) else None)
        if isinstance(value, DefRef):
            me = self._kept(value.self, depth) if value.self is not None else None
            return DefRef(value.target, me, value.frame, value.is_bare)
        if isinstance(value, Partial):
            args, kwargs = self._each(value.args, depth), self._named(value.kwargs, depth)
            return Partial(value.func, args, kwargs, value.curried)
        if isinstance(value, Seq):
            return Seq(self._each(value.items[:MAX_ITEMS], depth), value.open or len(value.items) > MAX_ITEMS)
        if isinstance(value, Mapping):
            items = tuple((self.kept(keys, depth), self.kept(inner, depth)) for keys, inner in value.items[:MAX_ITEMS])
            return Mapping(items, value.open or len(value.items) > MAX_ITEMS)
        if isinstance(value, Env):
            return Env(value.name, self.kept(value.default, depth), value.required)
        if isinstance(value, Piped):
            return Piped(self.kept(value.left, depth), self.kept(value.right, depth))
        if isinstance(value, Super):
            return Super(value.cls, self._kept(value.self, depth) if value.self is not None else None)
        return value

    def _each(self, values: Args, depth: int) -> Args:
        return tuple([self.kept(inner, depth) for inner in values])

    def _named(self, values: Kwargs, depth: int) -> Kwargs:
        return tuple([(name, self.kept(inner, depth)) for name, inner in values])


__all__ = ["Contexts"]
