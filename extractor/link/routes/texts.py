"""The text of a URL pattern: what its expression folds to, settings filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Hole, SettingRef, Text, Value, Values
from extractor.program.module import Module


@dataclass(frozen=True, slots=True)
class SettingTexts:
    """Reads settings that stand in URL patterns: the first of `modules` that binds the name to one literal text."""

    ev: Evaluator
    modules: tuple[Module, ...]

    def literals(self, values: Values) -> list[str]:
        """The values that are literal text once settings are filled in; the others are left out."""
        found = (self._literal(value) for value in values)
        return list(dict.fromkeys(text for text in found if text is not None))

    def with_parts_open(self, values: Values) -> list[str]:
        """Texts of which something is known, with a path parameter for what is not: `api/<name>/email/`."""
        out = []
        for value in values:
            pieces = [p if isinstance(p, str) else self._hole(p) or _parameter(p) for p in getattr(value, "parts", ())]
            if isinstance(value, Text) and any(isinstance(p, str) and p.strip("/") for p in value.parts):
                out.append("".join(pieces))
        return list(dict.fromkeys(out))

    def _literal(self, value: Value) -> str | None:
        if isinstance(value, SettingRef):
            return self.literal(".".join((value.name, *value.path)))
        if not isinstance(value, Text):
            return None
        pieces = [part if isinstance(part, str) else self._hole(part) for part in value.parts]
        return None if None in pieces else "".join(piece for piece in pieces if piece is not None)

    def _hole(self, hole: Hole) -> str | None:
        return self.literal(hole.name) if hole.kind == "setting" else None

    def literal(self, name: str) -> str | None:
        """The one literal text that a setting is; None when it is none, or several."""
        for module in self.modules:
            found = [v.literal for v in self.ev.module_name(module, name) if isinstance(v, Text)]
            if len(found) == 1 and found[0] is not None:
                return found[0]
        return None


def _parameter(hole: Hole) -> str:
    return f"<{re.sub(r'[^A-Za-z0-9_]+', '_', hole.name.rsplit('.', 1)[-1]).strip('_') or 'part'}>"


def unknown_name(values: Values) -> str:
    """What a part of a path is called of which no text is known: as the setting that gives it."""
    for value in values:
        for hole in (value, *getattr(value, "parts", ())):
            if isinstance(hole, SettingRef | Hole) and hole.name.isidentifier():
                return hole.name.lower()
    return "prefix"
