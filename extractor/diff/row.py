"""The shape of what a diff compares: a row with its identity and its fields, and the graph that rows are read from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from extractor.diff.identity import Names, context_text, route_key
from extractor.model.graph import Call, Context, Evidence, Graph, Place, Schedule, Task


@dataclass(frozen=True, slots=True)
class Field:
    """One compared field. `shown` is what a reader sees; two values are the same when `same` is equal.

    A field that holds a set has `items`: (what an item is compared by, what a reader sees of it), sorted.
    """

    name: str
    shown: str
    same: str
    items: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A thing to compare. Rows of one `kind` and `key` are the same thing; what differs in `fields` is a change.

    `family` says within which rows a lost and a found thing may be one thing renamed (None: never), `traits` by what
    they are likened (each trait is a text; an empty one says nothing). `near` tells rows of one key apart: path and
    function, never a line.
    """

    kind: str
    key: tuple[str, ...]
    title: str
    repo: str
    id: str
    fields: tuple[Field, ...]
    evidence: tuple[Evidence, ...]
    near: tuple[str, ...] = ()
    family: tuple[str, ...] | None = None
    traits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphReader:
    """A graph with what its rows need from elsewhere in it. `names` maps the names of renamed things
    (tasks, routes, settings) to common ones."""

    graph: Graph
    names: Names
    commits: dict[str, str]
    node_names: dict[str, str]
    routes: dict[str, tuple[str, ...]]
    calls: dict[str, Call]
    tasks: dict[str, Task]
    schedules: dict[str, Schedule]

    def at(self, repo: str, path: str, line: int, end_line: int, role: str) -> tuple[Evidence, ...]:
        """A row's own place as evidence."""
        return (Evidence(repo, self.commits.get(repo, ""), path, line, end_line, role),)

    def name(self, node: str) -> str:
        """A node's full name, or its id when the graph does not hold it."""
        return self.node_names.get(node, node)

    def route(self, ident: str | None) -> str:
        """A route in canonical words, "" for none."""
        return " ".join(self.routes.get(ident or "", ()))


def reader(graph: Graph, names: Names) -> GraphReader:
    """`graph` made ready for reading its rows."""
    return GraphReader(
        graph=graph,
        names=names,
        commits={s.name: s.commit for s in graph.sources},
        node_names=_full_names(graph),
        routes={r.id: route_key(r) for r in graph.routes},
        calls={c.id: c for c in graph.calls},
        tasks={t.id: t for t in graph.tasks},
        schedules={s.id: s for s in graph.schedules},
    )


def _full_names(graph: Graph) -> dict[str, str]:
    """Nodes' names, those of parts after the name of what holds them: every system has a `Web` and a `Worker`."""
    names = {n.id: n.name for n in graph.nodes}
    return {n.id: f"{names[n.parent]} / {n.name}" if n.parent in names else n.name for n in graph.nodes}


def fields_of(**values: str | None) -> tuple[Field, ...]:
    """A field for each keyword, its name with spaces; None is an empty text."""
    return tuple(field_of(name, value or "") for name, value in values.items())


def field_of(name: str, shown: str, same: str | None = None) -> Field:
    """A field that is compared by `same`, or by what is shown when that is not given."""
    return Field(name.replace("_", " "), shown, shown if same is None else same)


def set_of(name: str, items: Iterable[tuple[str, str]], compared: bool = True) -> Field:
    """A field that holds a set. One that is not compared is told of what is added or removed, and never a change."""
    shown: dict[str, str] = {}
    for key, text in items:
        shown[key] = min(text, shown.get(key, text))
    pairs = tuple(sorted(shown.items()))
    same = "\n".join(key for key, _ in pairs) if compared else ""
    return Field(name, ", ".join(text for _, text in pairs), same, pairs)


def twice(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Items of a set that are compared by what a reader sees of them."""
    return [(text, text) for text in texts if text]


def reached_from(contexts: tuple[Context, ...], source: GraphReader) -> Field:
    """The entry points of a place: told of what is new or gone; for the rest see `extractor.diff.reach`."""
    return set_of("reached from", ((context_text(c, source.names), context_text(c, {})) for c in contexts), False)


def listed(values: Iterable[str]) -> str:
    """The values that are not empty, each once, sorted, with commas."""
    return ", ".join(sorted({value for value in values if value}))


def sync_words(sync: bool) -> str:
    """Whether the caller waits, in a word."""
    return "synchronous" if sync else "asynchronous"


def first_place(evidence: tuple[Evidence, ...]) -> tuple[str, str]:
    """Path and repository of the first piece of evidence, or two empty texts."""
    return (evidence[0].path, evidence[0].repo) if evidence else ("", "")


def renamed(text: str, names: Names) -> str:
    """`text` with the names that `names` knows in their common form."""
    return " ".join(names.get(word, word) for word in text.split(" "))


def at_place(source: GraphReader, place: Place) -> tuple[Evidence, ...]:
    """A source of truth as evidence."""
    return source.at(place.repo, place.path, place.line, place.line, "source of truth")
