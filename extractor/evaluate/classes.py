"""Classes: resolution order, bases that were not read, members, properties, and what methods put on `self`."""

from __future__ import annotations

from collections.abc import Iterable

from extractor.evaluate.folding import bounded
from extractor.evaluate.protocol import Evaluation
from extractor.evaluate.values import DefRef, Ext, Values
from extractor.program.module import Def
from extractor.summary import Expr
from extractor.summary.expr import Local, Parameter, Subscript

_PROPERTIES = frozenset(
    {
        "builtins.property",
        "functools.cached_property",
        "django.utils.functional.cached_property",
        "werkzeug.utils.cached_property",
        "django.utils.decorators.classproperty",
        "abc.abstractproperty",
        "django.utils.functional.classproperty",
        "lazy.lazy",
    }
)
_MODEL_BASES = ("django.db.models.Model", "django.db.models.base.Model")
_MODEL_SUFFIXES = ("Model", "models.Page", "Page", "AbstractUser", "AbstractBaseUser", "Snippet")


class Classes:
    """Facts about classes, computed once each: resolution order, outside bases, what methods put on `self`."""

    def __init__(self, ev: Evaluation) -> None:
        self.ev = ev
        self._mro: dict[Def, tuple[tuple[Def, ...], tuple[str, ...]]] = {}
        self._attrs: dict[Def, dict[str, list[tuple[Def, Expr]]]] = {}
        self._members: dict[tuple[Def, str], tuple[Def, Values] | None] = {}
        self._properties: dict[Def, bool] = {}
        self._subclasses: dict[Def, list[Def]] | None = None
        self._methods: dict[str, list[Def]] | None = None

    def mro(self, cls: Def) -> tuple[tuple[Def, ...], tuple[str, ...]]:
        """The classes that were read, nearest first (depth first, as good as C3 for finding a member), and the
        dotted names of the bases that were not."""
        found = self._mro.get(cls)
        if found is not None:
            return found
        self._mro[cls] = ((cls,), ())
        order, outside = [cls], list[str]()
        parent = cls.parent
        frame = self.ev.frame(parent) if parent is not None else self.ev.frame(cls)
        for base in cls.scope.bases:
            # `ModelViewSet[Order]` is `ModelViewSet` for all that is asked of it.
            for value in self.ev.eval(base.base if isinstance(base, Subscript) else base, frame):
                if isinstance(value, DefRef) and value.target.kind == "class":
                    more, names = self.mro(value.target)
                    order += more
                    outside += names
                elif isinstance(value, Ext) and value.path != "builtins.object":
                    outside.append(value.path)
        found = (tuple(dict.fromkeys(order)), tuple(dict.fromkeys(outside)))
        self._mro[cls] = found
        return found

    def is_model(self, cls: Def) -> bool:
        """True for Django models, by their bases."""
        outside = self.mro(cls)[1]
        return any(name in _MODEL_BASES or name.endswith(_MODEL_SUFFIXES) for name in outside)

    def subclasses(self, cls: Def) -> list[Def]:
        """The classes that were read and derive from `cls`, directly or not."""
        if self._subclasses is None:
            self._subclasses = {}
            for other in self.ev.index.defs():
                if other.kind == "class":
                    for base in self.mro(other)[0][1:]:
                        self._subclasses.setdefault(base, []).append(other)
        return self._subclasses.get(cls, [])

    def member(self, cls: Def, name: str, after: Def | None = None) -> tuple[Def, Values] | None:
        """A name found in the class bodies along the resolution order: the class that has it, and what it is."""
        if after is not None:
            return self._find_member(cls, name, after)
        key = (cls, name)
        if key not in self._members:
            self._members[key] = self._find_member(cls, name, None)
        return self._members[key]

    def _find_member(self, cls: Def, name: str, after: Def | None) -> tuple[Def, Values] | None:
        order = self.mro(cls)[0]
        if after is not None and after in order:
            order = order[order.index(after) + 1 :]
        for owner in order:
            indices = owner.scope.names.get(name)
            if indices:
                frame = self.ev.frame(owner)
                values = bounded(v for i in indices for v in self.ev.eval(owner.scope.defs[i][1], frame))
                return owner, self.ev.registries.filled(owner, name, values)
        return None

    def assigned(self, cls: Def, name: str) -> list[tuple[Def, Expr]]:
        """Where methods of the class (or of its bases) assign `self.name`: (method, value)."""
        out = []
        for owner in self.mro(cls)[0]:
            out += self._own_attrs(owner).get(name, [])
        return out

    def _own_attrs(self, cls: Def) -> dict[str, list[tuple[Def, Expr]]]:
        found = self._attrs.get(cls)
        if found is None:
            found = self._attrs[cls] = {}
            for name, scope in cls.module.summary.scopes.items():
                if scope.parent != cls.scope.name or scope.kind != "function" or not scope.params:
                    continue
                method = cls.module.define(name)
                for base, attr, value, _line in scope.attrs:
                    if isinstance(base, Local) and scope.defs and _is_first_param(scope.defs, base, scope.params[0][0]):
                        found.setdefault(attr, []).append((method, value))
        return found

    def is_property(self, target: Def) -> bool:
        """True for methods that run when the attribute is read."""
        found = self._properties.get(target)
        if found is None:
            names = self.ev.decorator_names(target) if target.scope.decorators else ()
            found = any(n in _PROPERTIES or n.endswith("cached_property") for n in names)
            self._properties[target] = found
        return found

    def only_property(self, name: str) -> Def | None:
        """The property of this name, when the repository has one and nothing else of the name among its methods."""
        if self._methods is None:
            own = (t for t in self.ev.index.defs() if t.module.in_repo and t.kind == "function")
            self._methods = _by_name(t for t in own if t.owner_class is not None)
        found = self._methods.get(name, ())
        return found[0] if len(found) == 1 and "_" in name.strip("_") and self.is_property(found[0]) else None


def _by_name(found: Iterable[Def]) -> dict[str, list[Def]]:
    """Definitions by the last part of their names."""
    out: dict[str, list[Def]] = {}
    for target in found:
        out.setdefault(target.scope.name.rsplit(".", 1)[-1], []).append(target)
    return out


def _is_first_param(defs: tuple[tuple[int, Expr], ...], base: Local, first: str) -> bool:
    return all(defs[i][1] == Parameter(first) for i in base.definitions)
