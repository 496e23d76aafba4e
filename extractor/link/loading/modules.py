"""Loading: which modules the processes of a service load, from what its settings install and its command line names.

A service loads its settings, the packages of its installed apps with the modules that Django and Celery look for in
them (`models`, `admin`, `tasks`, what `AppConfig.ready` imports), its URLconf, the code that settings name as text, its
WSGI, ASGI and Celery modules, and what all of these import when they are loaded.
See https://docs.djangoproject.com/en/stable/ref/applications/#initialization-process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from extractor.estate.model import Service
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.unroll import unrolled
from extractor.evaluate.values import Ext, Seq, Text, Values
from extractor.link.loading.imports import Imports
from extractor.link.loading.installed import EntryPoints
from extractor.link.settings import SettingsTable
from extractor.link.settings.table import all_texts
from extractor.program.module import Module
from extractor.rules.django import django_rules
from extractor.summary import CallExpr, Expr
from extractor.summary.expr import Attribute, Comparison, Constant, ImportedName, Local, Name, SequenceDisplay

APPS = "INSTALLED_APPS"
_ADDS = frozenset({"append", "extend", "insert"})
_SCRIPTS = re.compile(r"(^|/)(s?bin|scripts?|tools)/[^/]+$")
_DISCOVERS = "autodiscover_tasks"
_INCLUDES = frozenset({"include", "path", "re_path", "url", "import_module", "Celery"})


class Loading:
    """Answers which services load a module. Made of one repository's services and their settings, by service id."""

    def __init__(
        self, ev: Evaluator, services: Sequence[Service], tables: Mapping[str, SettingsTable], installed: EntryPoints
    ) -> None:
        self._ev, self.installed = ev, installed
        self._imports = Imports(ev.index)
        self.apps = {service.id: self._apps(tables[service.id]) for service in services}
        self._loaded = {service.id: self._modules(service, tables[service.id]) for service in services}
        self._known: dict[Module, frozenset[str]] = {}
        self._imported_anywhere: frozenset[Module] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The ids of the services, in the estate's order."""
        return tuple(self._loaded)

    def starting(self, module: Module) -> frozenset[str]:
        """The services that are seen to load a module when they start, so that its body runs; where what a service
        installs is not known, those that may."""
        seen = frozenset(service for service, modules in self._loaded.items() if module in modules)
        return seen | frozenset(s for s in self.services(module) if not self.apps[s])

    def is_script(self, module: Module) -> bool:
        """True for a file that is run by its path and that no service loads: its name has no suffix, it says so (`if
        __name__ == "__main__":`), or it stands among scripts and nothing imports it."""
        scope = module.summary.scopes.get("")
        if scope is None or not module.in_repo or any(module in modules for modules in self._loaded.values()):
            return False
        if not module.path.endswith(".py") or any(_is_main(test) for test, _holds, _line in scope.guards):
            return True
        return bool(scope.calls and _SCRIPTS.search(module.path)) and module not in self._imported()

    def _imported(self) -> frozenset[Module]:
        if self._imported_anywhere is None:
            every = (m for module in self._ev.index.modules if module.in_repo for m in self._imports.everywhere(module))
            self._imported_anywhere = frozenset(every)
        return self._imported_anywhere

    def loads(self, service: str, module: Module) -> bool:
        """Whether the processes of a service load a module."""
        return service in self.services(module)

    def services(self, module: Module) -> frozenset[str]:
        """The services that load a module. Where there is but one, it loads all of the repository; a module that none
        is seen to load is that of the service whose settings stand in its folder, or of every one; of a library only
        what is seen to be loaded is."""
        found = self._known.get(module)
        if found is None:
            found = self._known[module] = self._services(module)
        return found

    def _services(self, module: Module) -> frozenset[str]:
        every = frozenset(self._loaded)
        if module.in_repo and len(every) <= 1:
            return every
        seen = frozenset(service for service, modules in self._loaded.items() if module in modules)
        if seen or not module.in_repo:
            return seen
        return self.at_home(module) or every

    def at_home(self, module: Module) -> frozenset[str]:
        """The services whose own top folder holds a module; () when that is no folder of one service."""
        top = module.path.split("/", 1)[0]
        return frozenset(service for service in self._loaded if service == top) if "/" in module.path else frozenset()

    # what is loaded --------------------------------------------------------------------------------------------

    def _modules(self, service: Service, table: SettingsTable) -> frozenset[Module]:
        seen: dict[Module, None] = {}
        pending = list(self._starts(service, table))
        while pending:
            module = pending.pop()
            if module in seen:
                continue
            seen[module] = None
            pending += self._imports.of(module)
            pending += self._included(module)
        return frozenset(seen)

    def _starts(self, service: Service, table: SettingsTable) -> Iterator[Module]:
        yield from table.chain
        named = [service.urlconf, service.wsgi, service.asgi, service.celery, *service.settings_modules]
        texts = [text for _setting, text, _path, _line in table.dotted_texts()]
        for value in table.raw("ROOT_URLCONF"):
            texts += all_texts(value)
        for name in filter(django_rules().task_module_lists.fullmatch, table.names()):
            texts += (text for value in table.raw(name) for text in all_texts(value))
        for dotted in (*named, *texts):
            yield from self._module_in(dotted)
        for package in self.apps[service.id]:
            yield from self._app(package)

    def _module_in(self, dotted: str) -> Iterator[Module]:
        """The modules that dotted text leads through (`package.module.Class`)."""
        if dotted:
            yield from self._imports.named(dotted)

    def _app(self, package: str) -> Iterator[Module]:
        """What is looked for in the package of an installed app."""
        yield from self._imports.named(package)
        for name in django_rules().app_modules:
            found = self._ev.index.find(f"{package}.{name}")
            if found is not None:
                yield found
                if name == "apps":  # `ready` imports what registers receivers
                    yield from self._imports.everywhere(found)
                if found.package:
                    yield from self._below(found)

    def _below(self, package: Module) -> Iterator[Module]:
        """The modules of a package, as management commands are looked for one by one."""
        start = f"{package.name}."
        yield from (m for m in self._ev.index.modules if m.name.startswith(start) and m.in_repo == package.in_repo)

    def _included(self, module: Module) -> Iterator[Module]:
        """Modules that a URLconf includes as text, or that a module imports by name when it is loaded: those of tasks
        that a Celery application is made with, too, and those that it looks for in named packages."""
        scope = module.summary.scopes.get("")
        for call in scope.calls if scope is not None else ():
            name = _called_name(module, call.func)
            if name in _INCLUDES or name == _DISCOVERS:
                for text in _texts_in(call):
                    yield from self._module_in(f"{text}.tasks" if name == _DISCOVERS else text)

    # installed apps --------------------------------------------------------------------------------------------

    def _apps(self, table: SettingsTable) -> tuple[str, ...]:
        """The packages of the apps that the settings of a service install, in order."""
        found: dict[str, None] = {}
        for text in self._named_apps(table):
            found[self._package(text)] = None
        return tuple(found)

    def _named_apps(self, table: SettingsTable) -> Iterator[str]:
        for module in table.chain:
            yield from self._listed(self._ev.module_name(module, APPS))
            yield from self._added(module)

    def _added(self, module: Module) -> Iterator[str]:
        """Apps that a settings module adds by method: `INSTALLED_APPS.append(app)`, in a loop too, and those that
        entry points of installed distributions name."""
        scope = module.summary.scopes.get("")
        if scope is None:
            return
        frame = self._ev.frame(module.define(""))
        for call in scope.calls:
            func = call.func
            if not isinstance(func, Attribute) or func.name not in _ADDS or not _is_apps(module, func.base):
                continue
            for ev in unrolled(self._ev, frame, call.args[-1:]):
                yield from self._listed(ev.eval(call.args[-1], frame) if call.args else ())

    def _listed(self, values: Values) -> Iterator[str]:
        """The apps that values list, those that entry points name where a value is what a function gives for their
        group."""
        for value in values:
            if isinstance(value, Ext) and django_rules().app_groups.search(value.path):
                for group in _group_texts(value):
                    yield from self.installed.objects(group)
            elif isinstance(value, Seq):
                for item in value.items:
                    yield from self._listed(item)
            else:
                yield from all_texts(value)

    def _package(self, text: str) -> str:
        """The package that an entry of the list installs: `shop.apps.ShopConfig` installs what the class calls its
        `name`, by default the package of the module."""
        parts = text.split(".")
        if not parts[-1][:1].isupper():
            return text
        for value in self._ev.by_dotted(text):
            for given in self._ev.attribute(value, "name"):
                if isinstance(given, Text) and given.literal:
                    return given.literal
        parts = parts[:-1]
        return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] in ("apps", "config") else parts)


def _is_main(test: Expr) -> bool:
    sides = (test.left, test.right) if isinstance(test, Comparison) and test.operator == "Eq" else ()
    return Name("__name__") in sides and Constant("__main__") in sides


def _group_texts(value: Ext) -> Iterator[str]:
    """The texts that the call behind a value was given."""
    made: Ext | None = value
    while made is not None:
        for values in (*made.args, *(v for _name, v in made.kwargs)):
            yield from (v.literal for v in values if isinstance(v, Text) and v.literal is not None)
        made = made.receiver


def _is_apps(module: Module, base: Expr) -> bool:
    """Whether an expression of a settings module is its list of apps."""
    if isinstance(base, Name):
        return base.name == APPS
    owned = set(module.summary.scopes[""].names.get(APPS, ()))
    return isinstance(base, Local) and bool(owned & set(base.definitions))


def _texts_in(call: CallExpr) -> Iterator[str]:
    for expr in (*call.args, *(value for _name, value in call.kwargs)):
        for item in expr.items if isinstance(expr, SequenceDisplay) else (expr,):
            if isinstance(item, Constant) and isinstance(item.value, str):
                yield item.value


def _called_name(module: Module, func: Expr) -> str:
    """The last part of what a call of the module's body names, imported names behind its variables included."""
    if isinstance(func, Local) and len(func.definitions) == 1:
        func = module.summary.scopes[""].defs[func.definitions[0]][1]
    return func.name if isinstance(func, Attribute | ImportedName | Name) else ""


__all__ = ["Loading"]
