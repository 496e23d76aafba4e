"""The queue a task goes to: its own option, then the routes in order, then the default queue, as Celery decides.

Source: Celery's user guide, *Routing Tasks*, and `celery.app.routes.Router`. A `routing_key` alone moves nothing: with
a direct exchange Celery publishes to the queue's own name.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator

from extractor.evaluate import folding
from extractor.evaluate.arguments import entry_frame
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Const, DefRef, Ext, Inst, Mapping, Param, Seq, Text, Unknown, Value, Values
from extractor.link.celery.appconf import Written
from extractor.link.celery.config import Config
from extractor.model.graph import Evidence, Gap
from extractor.model.ids import row_id
from extractor.program.module import Def

CELERYS_DEFAULT = "celery"
_UNSURE = object()


class Router:
    """Decides queues for one repository; `gaps` collects what could not be decided, by id."""

    def __init__(self, ev: Evaluator, repo: str, commit: str) -> None:
        self.ev = ev
        self.repo = repo
        self.commit = commit
        self.gaps: dict[str, Gap] = {}
        self._routes: dict[str, tuple[Written | None, list[Value]]] = {}

    def queue(self, config: Config, task: str, own: Values, target: Def) -> tuple[str | None, Evidence | None]:
        """The queue of a task in a service and the line that says so; None when it cannot be told (then a gap)."""
        if own:
            scope = target.scope
            here = Evidence(self.repo, self.commit, target.module.path, scope.line, scope.def_line, "queue")
            named = config.text(own)
            if named is not None:
                return named, here
            folded = config.fold(own)
            if not folded or not all(isinstance(v, Const) for v in folded):  # None: as if no queue were given
                self._gap(task, target, f"queue {folding.show(own[0])}", "its queue is a value known only at run time")
                return None, here
        written, routes = self._routes_of(config)
        for route in routes:
            found = self._match(config, route, task)
            if found is _UNSURE:
                self._gap(task, target, "router", "a router decides by code that depends on more than the task's name")
                return None, self._evidence(written)
            if isinstance(found, str):
                return found, self._evidence(written)
        default = config.option("task_default_queue", "CELERY_DEFAULT_QUEUE")
        if default is not None:
            named = config.text(self.ev.eval(default.expr, default.frame))
            if named is not None:
                return named, self._evidence(default)
            self._gap(task, target, "default queue", "the default queue is a value known only at run time")
            return None, self._evidence(default)
        return CELERYS_DEFAULT, None

    def of_name(self, config: Config, task: str) -> str | None:
        """The queue that a route gives to a task known by its name alone, as one of a library; None when none does: the
        name may be one it is imported by, and the default queue would be a guess."""
        for route in self._routes_of(config)[1]:
            found = self._match(config, route, task)
            if found is not None:
                return found if isinstance(found, str) else None
        return None

    def _gap(self, task: str, target: Def, what: str, reason: str) -> None:
        made = row_id("gap", "queue", self.repo, task, what)
        self.gaps[made] = Gap(
            id=made,
            kind="queue",
            repo=self.repo,
            path=target.module.path,
            line=target.scope.def_line,
            what=f"the queue of {task} ({what})",
            reason=reason,
            remedy="give the queue as text, or route the task by a table in the settings",
        )

    def _evidence(self, written: Written | None) -> Evidence | None:
        if written is None or not written.module.in_repo:
            return None
        return Evidence(self.repo, self.commit, written.module.path, written.line, written.line, "queue")

    def _routes_of(self, config: Config) -> tuple[Written | None, list[Value]]:
        found = self._routes.get(config.service)
        if found is None:
            written = config.option("task_routes", "CELERY_ROUTES")
            values = config.fold(config.values("task_routes", "CELERY_ROUTES"))
            found = self._routes[config.service] = (written, list(self._routers(config, values)))
        return found

    def _routers(self, config: Config, values: Values) -> Iterator[Value]:
        """The routers of `task_routes`, which holds one, or a list of them; dotted text is imported."""
        for value in values:
            if isinstance(value, Seq) and not _is_pairs(value):
                for item in value.items:
                    yield from self._routers(config, config.fold(item))
            elif isinstance(value, Text) and value.literal is not None:
                yield from self.ev.by_dotted(value.literal)
            else:
                yield value

    def _match(self, config: Config, route: Value, task: str) -> object:
        """What one router says of a task: a queue, None (the next is asked), or `_UNSURE`."""
        if isinstance(route, Mapping):
            pairs = [(key, values) for keys, values in route.items for key in keys]
            return self._match_pairs(config, pairs, task)
        if isinstance(route, Seq):
            pairs = []
            for item in route.items:
                for pair in item:
                    if isinstance(pair, Seq) and len(pair.items) == 2:
                        pairs += [(key, pair.items[1]) for key in config.fold(pair.items[0])]
            return self._match_pairs(config, pairs, task)
        return self._ask(config, route, task)

    def _match_pairs(self, config: Config, pairs: list[tuple[Value, Values]], task: str) -> object:
        """Exact names first, then patterns in order, as Celery's `MapRoute`."""
        for key, values in pairs:
            if isinstance(key, Text) and config.text((key,)) == task:
                return self._destination(config, values)
        for key, values in pairs:
            if _matches(key, task):
                return self._destination(config, values)
        return None

    def _destination(self, config: Config, values: Values) -> object:
        for value in config.fold(values):
            if isinstance(value, Text):
                return value.literal if value.literal is not None else _UNSURE
            if isinstance(value, Mapping):
                named = folding.lookup(value, Text(("queue",)))
                if named:
                    return config.text(named) or _UNSURE
        return None

    def _ask(self, config: Config, route: Value, task: str) -> object:
        """What a router function (or the `route_for_task` of an object) answers for a task's name."""
        func: Value | None = route if isinstance(route, DefRef) and route.target.kind != "class" else None
        cls = route.cls if isinstance(route, Inst) else None
        if isinstance(route, DefRef) and route.target.kind == "class":
            cls = route.target
        if cls is not None:
            member = self.ev.classes.member(cls, "route_for_task")
            method = next((v for v in member[1] if isinstance(v, DefRef)), None) if member is not None else None
            func = DefRef(method.target, Inst(cls)) if method is not None else None
        if not isinstance(func, DefRef):
            return _UNSURE if isinstance(route, Ext | Unknown) else None
        return self._answer(config, func, task)

    def _answer(self, config: Config, func: DefRef, task: str) -> object:
        """What a function answers for a task's name on the way that the name lets it take; `_UNSURE` where more than
        the name decides between different answers."""
        scope, branches = func.target.scope, self.ev.branches
        frame = entry_frame(self.ev, func, ((Text((task,)),),), ())
        answers: dict[object, None] = {}
        for expr, guards in zip(scope.returns, scope.return_guards, strict=True):
            if branches.is_passed_over(guards, frame):
                continue
            values = self.ev.eval(expr, frame)
            found = [self._destination(config, (value,)) for value in config.fold(values)]
            if all(branches.holds(place, frame) is scope.guards[place][1] for place in guards):
                is_open = not values or any(isinstance(v, Unknown | Param | Ext) for v in values)
                said = [one for one in found if one is not None]
                answers.update(dict.fromkeys(said or [_UNSURE if is_open else None]))
                break
            if any(isinstance(v, Mapping | Text) for v in values):  # written out in the router
                answers.update(dict.fromkeys(found))
            elif any(one is not None for one in found):  # looked up in the settings, where the name stands
                return next(one for one in found if one is not None)
        else:
            answers[None] = None  # it runs off its end
        return next(iter(answers)) if len(answers) == 1 else _UNSURE


def _is_pairs(value: Seq) -> bool:
    """A list of (pattern, destination) pairs, and not of routers."""
    return bool(value.items) and all(
        item and isinstance(item[0], Seq) and len(item[0].items) == 2 and _is_pattern(item[0].items[0])
        for item in value.items
    )


def _is_pattern(values: Values) -> bool:
    return any(isinstance(v, Text) or (isinstance(v, Ext) and v.path == "re.compile()") for v in values)


def _matches(key: Value, task: str) -> bool:
    if isinstance(key, Text):
        literal = key.literal
        return literal is not None and "*" in literal and re.match(fnmatch.translate(literal), task) is not None
    if isinstance(key, Ext) and key.path == "re.compile()" and key.args:
        pattern = next((v.literal for v in key.args[0] if isinstance(v, Text)), None)
        return pattern is not None and _search(pattern, task)
    return False


_REPEATED_GROUP = re.compile(r"[*+}]\)[*+{]")


def _search(pattern: str, task: str) -> bool:
    """`re.match`, for a pattern from the scanned code: long or nested repetition is not tried."""
    if len(pattern) > 200 or _REPEATED_GROUP.search(pattern):
        return False
    try:
        return re.match(pattern, task) is not None
    except re.error:
        return False
