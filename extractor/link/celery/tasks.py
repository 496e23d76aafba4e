"""The Celery tasks of a repository and of the installed libraries, and the index that tells which task is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from extractor.estate import Service
from extractor.link import calling
from extractor.link.absvalue import Const, DefRef, Ext, Frame, Inst, Param, Text, Value, Values
from extractor.link.celery.config import Config, configs, is_app, is_app_member, literals
from extractor.link.celery.queues import Router
from extractor.link.evaluate import Evaluator
from extractor.model import Evidence, Gap, Task
from extractor.modules import Def, Module
from extractor.rowids import numbered, row_id
from extractor.summary import Call
from extractor.summary import Value as Expr

_MAKER = re.compile(r"^celery(\.(app|task|decorators|contrib|base|django))*\.(shared_task|task|periodic_task)$")
_TASK_CLASS = re.compile(r"^celery(\.\w+)*\.(Task|PeriodicTask)$")
_AUTOREGISTERED = re.compile(r"^celery\.task(\.base)?\.(Task|PeriodicTask)$")  # Celery 3 and older

Options = tuple[tuple[str, Values], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A task as found in the code: the function or class behind it, its name, and the options it was made with."""

    target: Def
    name: str
    options: Options
    bound: bool = False

    def option(self, name: str) -> Values:
        """What the decorator (or the class body) gives for an option; () when it gives nothing."""
        return dict(self.options).get(name, ())


@dataclass(slots=True)
class TaskIndex:
    """Tells which tasks a value means. `rows` holds the rows of each found task, one for each queue it has."""

    ev: Evaluator
    found: tuple[Found, ...]
    rows: dict[Def, tuple[Task, ...]] = field(default_factory=dict)
    by_def: dict[Def, Found] = field(default_factory=dict)
    by_name: dict[str, Found] = field(default_factory=dict)
    configs: tuple[Config, ...] = ()
    _attributes: dict[str, list[tuple[Def, Value]]] | None = None

    def row(self, found: Found, service: str = "") -> Task | None:
        """The row of a task, that of a service where it has several; None for a task nobody loads."""
        rows = self.rows.get(found.target, ())
        return next((row for row in rows if service in row.services), rows[0] if rows else None)

    def names(self) -> dict[Def, str]:
        """Task names by the function or class that runs."""
        return {(run_method(self.ev, f.target) or f.target): f.name for f in self.found if f.target in self.rows}

    def meant(self, values: Values) -> tuple[Found, ...]:
        """The tasks among the values: decorated functions, registered classes and instances, `app.tasks[name]`."""
        return tuple(dict.fromkeys(found for value in values for found in self._meant(value)))

    def _meant(self, value: Value) -> Iterator[Found]:
        if isinstance(value, DefRef | Inst):
            target = value.target if isinstance(value, DefRef) else value.cls
            own = self.by_def.get(target)
            if own is not None:
                yield own
            elif isinstance(value, Inst) and not value.known:
                yield from self.derived(target)
        elif isinstance(value, Ext) and value.args:
            if value.path.endswith((".register_task()", ".tasks.register()", "task()", "shared_task()")):
                yield from self.meant(value.args[0])
            elif value.path.endswith(".tasks[]") and is_app_member(Ext(value.path[:-2]), "tasks"):
                yield from self.named(value.args[0])
        elif isinstance(value, Param) and not value.path:
            own = self.by_def.get(value.owner)
            if own is not None and own.bound and value.owner.scope.params[0][0] == value.name:
                yield own

    def named(self, values: Values) -> Iterator[Found]:
        """The tasks that literal texts name."""
        for value in values:
            if isinstance(value, Text) and value.literal in self.by_name:
                yield self.by_name[value.literal]

    def derived(self, cls: Def) -> Iterator[Found]:
        """The registered tasks whose class derives from `cls`."""
        for other in self.ev.classes.subclasses(cls):
            if other in self.by_def:
                yield self.by_def[other]

    def set_on_class(self, cls: Def, name: str) -> tuple[Found, ...]:
        """Tasks that code outside a class puts on it, or on one that derives from it (`Cls.instance = ...`)."""
        if self._attributes is None:
            self._attributes = _class_attributes(self.ev)
        family = {cls, *self.ev.classes.subclasses(cls)}
        return self.meant(tuple(v for owner, v in self._attributes.get(name, ()) if owner in family))

    def class_values(self, name: str) -> tuple[Found, ...]:
        """Tasks that any class body binds to an attribute of this name."""
        out: list[Value] = []
        for found in {f.target.module: None for f in self.found}:
            for scope in found.summary.scopes.values():
                if scope.kind == "class" and name in scope.names:
                    owner = found.define(scope.name)
                    out += [v for i in scope.names[name] for v in self.ev.eval(scope.defs[i][1], self.ev.frame(owner))]
        return self.meant(tuple(out))


@dataclass(frozen=True, slots=True)
class Tasks:
    """The task rows, the index, and what was seen and not understood."""

    rows: tuple[Task, ...]
    index: TaskIndex
    gaps: tuple[Gap, ...]


def tasks(ev: Evaluator, repo: str, services: Sequence[Service] = (), commit: str = "") -> Tasks:
    """Every Celery task of the repository, and those of the libraries whose app a service installs.

    Args: `repo` the source's name, `services` the Django services out of it, `commit` for evidence. A task that two
    services route to different queues has a row for each queue.
    """
    settings = configs(ev, services)
    found = tuple(sorted(_find(ev), key=lambda f: (f.target.module.path, f.target.scope.def_line, f.name)))
    index = TaskIndex(ev, found, configs=settings)
    for one in found:
        index.by_def.setdefault(one.target, one)
        index.by_name.setdefault(one.name, one)
    loads = _Loads(ev, settings)
    router = Router(ev, repo, commit)
    rows: list[Task] = []
    for one in found:
        chosen = loads.services(one.target.module)
        if chosen is not None:
            made = _rows(repo, one, [c for c in settings if c.service in chosen], router, len(settings) > 1)
            index.rows[one.target] = made
            rows += made
    ordered = numbered(sorted(rows, key=lambda r: (r.path, r.line, r.name, r.services)))
    by_place: dict[tuple[str, str, str], list[Task]] = {}
    for row in ordered:
        by_place.setdefault((row.name, row.path, row.function), []).append(row)
    for target in index.rows:
        place = (index.by_def[target].name, target.module.path, target.shown)
        index.rows[target] = tuple(by_place[place])
    return Tasks(ordered, index, tuple(sorted(router.gaps.values(), key=lambda g: (g.path, g.line, g.what))))


def _rows(repo: str, found: Found, settings: Sequence[Config], router: Router, several: bool) -> tuple[Task, ...]:
    target = found.target
    routed: dict[str | None, tuple[list[str], Evidence | None]] = {}
    for config in settings:
        queue, evidence = router.queue(config, found.name, found.option("queue"), target)
        routed.setdefault(queue, ([], evidence))[0].append(config.service)
    out = []
    for queue, (names, evidence) in routed.items():
        services = tuple(sorted(name for name in names if name)) if several else tuple(n for n in names if n)
        split = services if len(routed) > 1 else ()
        out.append(Task(
            row_id("task", repo, found.name, *split), repo, found.name, target.module.path, target.scope.def_line,
            target.scope.end_line, target.shown, queue, target.module.origin, services, target.scope.doc, evidence,
        ))  # fmt: skip
    return tuple(out)


# finding -------------------------------------------------------------------------------------------------------------


def _find(ev: Evaluator) -> Iterator[Found]:
    seen: set[Def] = set()
    for module in ev.world.modules:
        celery = _near_celery(ev, module)
        for name, scope in module.summary.scopes.items():
            if scope.kind == "function" and scope.decorators:
                target = module.define(name)
                made = _decorated(ev, target, celery)
                if made is not None and target not in seen and not _wraps(ev, target):
                    seen.add(target)
                    yield made
            if celery:
                for made in (*_registered(ev, module.define(name)), *_autoregistered(ev, module.define(name))):
                    if made.target not in seen:
                        seen.add(made.target)
                        yield made


def _near_celery(ev: Evaluator, module: Module) -> bool:
    """The module imports Celery, or something whose own module does."""
    return any("celery" in name for name in module.summary.imports) or any(
        "celery" in inner
        for name in module.summary.imports
        if (source := ev.world.find(module.absolute(name))) is not None
        for inner in source.summary.imports
    )


def _decorated(ev: Evaluator, target: Def, celery: bool) -> Found | None:
    parent = target.parent
    if parent is None:
        return None
    frame = ev.frame(parent)
    for decorator in target.scope.decorators:
        for value in ev.eval(decorator, frame):
            options = _made_by(ev, value, target, celery)
            if options is not None:
                return _found(ev, target, options)
    return None


def _made_by(ev: Evaluator, decorator: Value, target: Def, celery: bool) -> Options | None:
    """The options with which a decorator makes a task of a function, or None when it makes none."""
    if isinstance(decorator, Ext):
        if is_maker(ev, decorator.path):
            return ()
        if decorator.path.endswith("()") and is_maker(ev, decorator.path[:-2]):
            return decorator.kwargs
    if isinstance(decorator, DefRef):
        if decorator.target.kind == "class":
            return None
        owner = decorator.target.owner_class
        if owner is not None and decorator.target.scope.name.endswith(".task") and _is_app_class(ev, owner):
            return ()
        if celery and any("celery" in name for name in decorator.target.module.summary.imports):
            return _made_by_project(ev, decorator, target)
    return None


def _made_by_project(ev: Evaluator, decorator: DefRef, target: Def) -> Options | None:
    """What a project's own decorator makes of a function, by following what it returns."""
    for value in calling.call_value(ev, decorator, ((DefRef(target),),), ()):
        if isinstance(value, Ext) and value.path.endswith("()") and value.args:
            inner = value.path[:-2]
            if is_maker(ev, inner):
                return value.kwargs
            if inner.endswith("()") and is_maker(ev, inner[:-2]):
                return value.receiver.kwargs if value.receiver is not None else ()
        if isinstance(value, DefRef) and value.target is not target and value.target.scope.decorators:
            parent = value.target.parent
            frame = value.frame or (ev.frame(parent) if parent is not None else None)
            for expr in value.target.scope.decorators:
                for made in ev.eval(expr, frame) if frame is not None else ():
                    if isinstance(made, Ext) and is_maker(ev, made.path.removesuffix("()")):
                        return made.kwargs
    return None


def is_maker(ev: Evaluator, path: str) -> bool:
    """True for `shared_task`, `app.task`, `periodic_task`, by the outside path."""
    if _MAKER.match(path):
        return True
    head, _, last = path.rpartition(".")
    return last in ("task", "periodic_task") and is_app(ev, Ext(head))


def _is_app_class(ev: Evaluator, cls: Def) -> bool:
    return is_app(ev, Inst(cls))


def _wraps(ev: Evaluator, target: Def) -> bool:
    """The wrapper inside a decorator: it becomes a task under the name of what it wraps."""
    parent = target.parent
    return parent is not None and parent.kind == "function" and "functools.wraps" in ev.decorator_names(target)


def _found(ev: Evaluator, target: Def, options: Options) -> Found:
    given = dict(options)
    explicit = ev.constant_key(given.get("name", ()))
    name = explicit or f"{target.module.name}.{target.shown.rsplit('.', 1)[-1]}"
    bound = any(isinstance(v, Const) and v.value is True for v in given.get("bind", ()))
    return Found(target, name, options, bound)


def _registered(ev: Evaluator, owner: Def) -> Iterator[Found]:
    """`app.register_task(Cls())`, `app.tasks.register(Cls())`, `app.task(func)` called as a function."""
    frame = ev.frame(owner)
    for call in owner.scope.calls:
        if not call.args or call.func[0] not in ("a", "mf", "n", "k"):
            continue
        if call.func[0] == "a" and call.func[2] in ("register_task", "register"):
            if not _registers(ev, call, frame_values=ev.eval(call.func, frame)):
                continue
            for value in ev.eval(call.args[0], frame):
                if isinstance(value, Inst):
                    yield _of_class(ev, value.cls)
                elif isinstance(value, DefRef) and value.target.kind == "class":
                    yield _of_class(ev, value.target)
        elif call.func[0] in ("a", "mf", "n", "k"):
            yield from _called(ev, call, owner)


def _registers(ev: Evaluator, call: Call, frame_values: Values) -> bool:
    for value in frame_values:
        if isinstance(value, Ext):
            head = value.path.removesuffix(".register").removesuffix(".register_task")
            if is_app(ev, Ext(head)) or is_app_member(Ext(head), "tasks") or head == "celery.registry.tasks":
                return True
    return False


def _called(ev: Evaluator, call: Call, owner: Def) -> Iterator[Found]:
    frame = ev.frame(owner)
    first = call.args[0]
    if first[0] not in ("g", "n", "mf", "v", "a"):
        return
    for func in ev.eval(call.func, frame):
        if isinstance(func, Ext) and is_maker(ev, func.path.removesuffix("()")):
            for value in ev.eval(first, frame):
                target = value.target if isinstance(value, DefRef) else None
                # A function inside a function is the wrapper of a decorator: it gets the name of what it wraps.
                if target is not None and target.kind == "function" and target.scope.parent == "":
                    yield _found(ev, target, func.kwargs or calling.arguments(ev, call, frame)[1])


def _autoregistered(ev: Evaluator, owner: Def) -> Iterator[Found]:
    if owner.kind == "class" and any(_AUTOREGISTERED.match(path) for path in ev.classes.mro(owner)[1]):
        abstract = ev.classes.member(owner, "abstract")
        own = owner.scope.names.get("abstract")
        if not (own and abstract and any(isinstance(v, Const) and v.value is True for v in abstract[1])):
            yield _of_class(ev, owner)


def _of_class(ev: Evaluator, cls: Def) -> Found:
    options = []
    for name in ("name", "queue"):
        member = ev.classes.member(cls, name)
        if member is not None and ev.constant_key(member[1]):
            options.append((name, member[1]))
    given = dict(options)
    name = ev.constant_key(given.get("name", ())) or f"{cls.module.name}.{cls.shown}"
    return Found(cls, name, tuple(options), bound=True)


def run_method(ev: Evaluator, target: Def) -> Def | None:
    """The `run` method of a task class; None for a function."""
    if target.kind != "class":
        return None
    member = ev.classes.member(target, "run")
    return next((v.target for v in member[1] if isinstance(v, DefRef)), None) if member is not None else None


def _class_attributes(ev: Evaluator) -> dict[str, list[tuple[Def, Value]]]:
    """Assignments to attributes of classes in module bodies: (class, value) by attribute."""
    out: dict[str, list[tuple[Def, Value]]] = {}
    for module in ev.world.modules:
        scope = module.summary.scopes.get("")
        for base, name, expr, _line in scope.attrs if scope is not None else ():
            frame = ev.frame(module.define(""))
            for owner in _class_of(ev, base, frame):
                out.setdefault(name, []).extend((owner, value) for value in ev.eval(expr, frame))
    return out


def _class_of(ev: Evaluator, base: Expr, frame: Frame) -> Iterable[Def]:
    return [v.target for v in ev.eval(base, frame) if isinstance(v, DefRef) and v.target.kind == "class"]


# who loads what ------------------------------------------------------------------------------------------------------


class _Loads:
    """Which services load a module, by their INSTALLED_APPS and imports settings."""

    def __init__(self, ev: Evaluator, settings: Sequence[Config]) -> None:
        self.settings = settings
        self.apps = {c.service: _packages(ev, c) for c in settings}

    def services(self, module: Module) -> frozenset[str] | None:
        """The services that load a module, all of the repository's when none can be told; None for a library's module
        that no service installs."""
        claimed = frozenset(name for name, apps in self.apps.items() if _inside(module.name, apps))
        if claimed:
            return claimed
        if not module.in_repo:
            return None
        top = module.name.split(".")[0]
        own = frozenset(c.service for c in self.settings if c.chain and c.chain[0].name.split(".")[0] == top)
        return own if own and len(own) < len(self.settings) else frozenset(c.service for c in self.settings)


def _inside(name: str, packages: frozenset[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:size]) in packages for size in range(1, len(parts) + 1))


def _packages(ev: Evaluator, config: Config) -> frozenset[str]:
    """The packages of the installed apps (`shop.apps.ShopConfig` installs `shop`) and modules imported by setting."""
    found: set[str] = set()
    for text in literals(config, _all_apps(config)):
        parts = text.split(".")
        if parts[-1][:1].isupper():
            parts = parts[:-1]
            if parts and parts[-1] in ("apps", "config"):
                parts = parts[:-1]
        found.add(".".join(parts))
    for name in config.names("imports", "CELERY_IMPORTS"):
        found.update(literals(config, config.setting(name)))
    return frozenset(found)


def _all_apps(config: Config) -> Values:
    return tuple(v for module in config.chain for v in config.ev.module_name(module, "INSTALLED_APPS"))


__all__ = ["Found", "TaskIndex", "Tasks", "run_method", "tasks"]
