"""Finding Celery tasks: decorated functions, registered classes, functions handed to a decorator."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from extractor.evaluate.arguments import arguments
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import RUNS, Const, DefRef, Ext, Inst, Value, Values
from extractor.link.celery.appconf import is_app, is_app_member
from extractor.link.celery.taskindex import Found, Options
from extractor.program.module import Def, Module
from extractor.summary import CallExpr
from extractor.summary.expr import Attribute, CallResult, Defined, ImportedName, Local, Name

_TASK_FACTORY = re.compile(r"^celery(\.(app|task|decorators|contrib|base|django))*\.(shared_task|task|periodic_task)$")
_TASK_CLASS = re.compile(r"^celery(\.\w+)*\.(Task|PeriodicTask)$")
# Options that only Celery's `task` takes: an unread object's `.task(bind=True)` makes a task of Celery.
# https://docs.celeryq.dev/en/stable/userguide/tasks.html#list-of-options
_ONLY_CELERYS = frozenset(
    {
        "bind",
        "autoretry_for",
        "dont_autoretry_for",
        "acks_late",
        "acks_on_failure_or_timeout",
        "reject_on_worker_lost",
        "ignore_result",
        "default_retry_delay",
        "soft_time_limit",
        "retry_backoff",
        "track_started",
        "store_errors_even_if_ignored",
    }
)
_AUTOREGISTERED = re.compile(r"^celery\.task(\.base)?\.(Task|PeriodicTask)$")  # Celery 3 and older


def find_tasks(ev: Evaluator, modules: Iterable[Module]) -> Iterator[Found]:
    """Every task of the modules, each once."""
    seen: set[Def] = set()
    for module in modules:
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
        if (source := ev.index.find(module.absolute(name))) is not None
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
        if is_task_factory(ev, decorator.path):
            return ()
        if decorator.path.endswith("()") and is_task_factory(ev, decorator.path[:-2]):
            return decorator.kwargs
        if decorator.path.endswith("().task()") and _ONLY_CELERYS.intersection(dict(decorator.kwargs)):
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
    for value in ev.call_value(decorator, ((DefRef(target),),), ()):
        if isinstance(value, Ext) and value.path.endswith("()") and value.args:
            inner = value.path[:-2]
            if is_task_factory(ev, inner):
                return value.kwargs
            if inner.endswith("()") and is_task_factory(ev, inner[:-2]):
                return value.receiver.kwargs if value.receiver is not None else ()
        if isinstance(value, DefRef) and value.target is not target and value.target.scope.decorators:
            parent = value.target.parent
            frame = value.frame or (ev.frame(parent) if parent is not None else None)
            for expr in value.target.scope.decorators:
                for made in ev.eval(expr, frame) if frame is not None else ():
                    if isinstance(made, Ext) and is_task_factory(ev, made.path.removesuffix("()")):
                        return made.kwargs
    return None


def is_task_factory(ev: Evaluator, path: str) -> bool:
    """True for `shared_task`, `app.task`, `periodic_task`, by the outside path."""
    if _TASK_FACTORY.match(path):
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
        if not call.args or not isinstance(call.func, Attribute | ImportedName | Name | CallResult):
            continue
        if isinstance(call.func, Attribute) and call.func.name in ("register_task", "register"):
            if not _registers(ev, call, frame_values=ev.eval(call.func, frame)):
                continue
            for value in ev.eval(call.args[0], frame):
                if isinstance(value, Inst):
                    yield _of_class(ev, value.cls)
                elif isinstance(value, DefRef) and value.target.kind == "class":
                    yield _of_class(ev, value.target)
        else:
            yield from _called(ev, call, owner)


def _registers(ev: Evaluator, call: CallExpr, frame_values: Values) -> bool:
    for value in frame_values:
        if isinstance(value, Ext):
            head = value.path.removesuffix(".register").removesuffix(".register_task")
            if is_app(ev, Ext(head)) or is_app_member(Ext(head), "tasks") or head == "celery.registry.tasks":
                return True
    return False


def _called(ev: Evaluator, call: CallExpr, owner: Def) -> Iterator[Found]:
    frame = ev.frame(owner)
    first = call.args[0]
    if not isinstance(first, Defined | Name | ImportedName | Local | Attribute):
        return
    for func in ev.eval(call.func, frame):
        if isinstance(func, Ext) and is_task_factory(ev, func.path.removesuffix("()")):
            for value in ev.eval(first, frame):
                target = value.target if isinstance(value, DefRef) else None
                # A function inside a function is the wrapper of a decorator: it gets the name of what it wraps.
                if target is not None and target.kind == "function" and target.scope.parent == "":
                    yield _found(ev, target, func.kwargs or arguments(ev, call, frame)[1])


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


def type_tasks(ev: Evaluator) -> None:
    """Tells the evaluator what `self` is in a bound task: that task, of the class that it names
    (`@app.task(bind=True, base=Cls)`), else of Celery's own."""
    for module in ev.index.modules:
        if not module.in_repo or "" not in module.summary.scopes or not _near_celery(ev, module):
            continue
        for name, scope in module.summary.scopes.items():
            if scope.kind != "function" or scope.parent != "" or not scope.decorators or not scope.params:
                continue
            target = module.define(name)
            found = _decorated(ev, target, celery=True)
            if found is not None and found.bound:
                runs = ((RUNS, (DefRef(target),)),)
                classes = [v.target for v in found.option("base") if isinstance(v, DefRef)]
                instances = tuple(Inst(cls, runs, known=False) for cls in classes if cls.kind == "class")
                ev.given[(target, scope.params[0][0])] = instances or (Ext("celery.Task()", (), runs),)


__all__ = ["find_tasks", "type_tasks"]
