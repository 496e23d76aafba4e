"""Plugin URLs: applications that mount their URLconf by configuration in their `AppConfig`.

The names are those of `rules/routes.yaml` (`plugin_app = {"url_config": {project: {"regex", "relative_path"}}}`); which
applications a project loads is said by the entry points of the distribution's `setup.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from extractor.evaluate.arguments import arguments
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.references import Reference
from extractor.evaluate.values import Ext, Mapping, Seq, Text, Value, Values
from extractor.link.routes.texts import SettingTexts
from extractor.link.routes.tree import PluginUrls
from extractor.program.module import Def
from extractor.rules.routes import PluginRule
from extractor.summary.expr import Defined


@dataclass(slots=True)
class Plugins:
    """Finds the applications of everything that was read that mount URLs by configuration."""

    ev: Evaluator
    settings: SettingTexts
    _known: dict[str, tuple[Def, ...]] = field(default_factory=dict)

    def plugins(self, rule: PluginRule, project: str | None) -> Iterable[PluginUrls]:
        """The URLconfs mounted in a project (`lms.djangoapp`), sorted by application; every one when it is None."""
        listed = self._entry_points(project)
        for cls in self._classes(rule.attribute):
            if listed is None or cls.qualified in listed:
                yield from self._of_class(rule, cls, project)

    def _classes(self, attribute: str) -> tuple[Def, ...]:
        if attribute not in self._known:
            found = [d for d in self.ev.index.defs() if d.kind == "class" and attribute in d.scope.names]
            self._known[attribute] = tuple(sorted(found, key=lambda d: d.qualified))
        return self._known[attribute]

    def _of_class(self, rule: PluginRule, cls: Def, project: str | None) -> Iterator[PluginUrls]:
        member = self.ev.classes.member(cls, rule.attribute)
        app = self.ev.constant_key((self.ev.classes.member(cls, "name") or (cls, ()))[1])
        for config in _under(member[1] if member is not None else (), rule.config, rule.constants):
            if app is None or not isinstance(config, Mapping):
                continue
            for keys, values in config.items:
                if project is not None and project not in [v.literal for v in keys if isinstance(v, Text)]:
                    continue
                regex = "".join(self.settings.literals(_under(values, rule.regex, rule.constants))[:1])
                relative = self.ev.constant_key(_under(values, rule.urlconf, rule.constants)) or "urls"
                place = Reference(Defined(cls.scope.name), self.ev.frame(cls))
                yield PluginUrls(regex, f"{app}.{relative}", place)

    def _entry_points(self, project: str | None) -> frozenset[str] | None:
        """The classes that `setup.py` names under the project's group; None when it names no such group."""
        if project is None:
            return None
        for module in self.ev.index.modules:
            if module.path.rsplit("/", 1)[-1] != "setup.py" or "" not in module.summary.scopes:
                continue
            frame = self.ev.frame(module.define(""))
            for call in module.summary.scopes[""].calls:
                _args, kwargs = arguments(self.ev, call, frame)
                found = _under(dict(kwargs).get("entry_points", ()), (project,))
                if found:
                    return frozenset(_named(found))
        return None


def _under(values: Values, names: tuple[str, ...], constants: str = "") -> Values:
    """The values under a key, given as text or as a name of the class `constants`."""
    for value in values:
        if isinstance(value, Mapping):
            for keys, inner in value.items:
                if any(_is_key(key, names, constants) for key in keys):
                    return inner
    return ()


def _is_key(key: Value, names: tuple[str, ...], constants: str) -> bool:
    if isinstance(key, Text):
        return key.literal in names
    if not constants or not isinstance(key, Ext):
        return False
    return constants in key.path and key.path.rsplit(".", 1)[-1] in names


def _named(values: Values) -> Iterator[str]:
    for value in values:
        for item in value.items if isinstance(value, Seq) else ():
            for text in item:
                if isinstance(text, Text) and text.literal and "=" in text.literal:
                    yield text.literal.partition("=")[2].strip().replace(":", ".")
