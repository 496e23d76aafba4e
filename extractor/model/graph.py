"""The graph document: every noun that graph.json holds, as frozen dataclasses.

The document is the one thing the extractor hands to views, renderers, diffs and gates. All of it is text, numbers,
booleans and tuples; ids are text made from content (never from a line number), so two runs can be compared.
`to_dict` and `from_dict` carry it through JSON without loss. The published schema is `rules/schema/graph.schema.json`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

SCHEMA_VERSION = "1.0"

# Confidence of a fact that needed resolving. Diagrams draw the first two; tables show all three.
CONFIDENCES = ("certain", "likely", "possible")
SEVERITIES = ("high", "medium", "low", "info")
CONTEXT_KINDS = ("request", "task", "command", "signal", "startup", "unknown")
NODE_KINDS = ("person", "system", "container", "database", "queue", "cache", "search", "storage", "external")
# What a container is to its service: its web process, Celery worker, queues or beat; else what deployment puts there.
NODE_ROLES = ("", "web", "worker", "queue", "beat", "command", "proxy", "frontend")
STORE_KINDS = ("database", "cache", "queue", "search", "storage")


@dataclass(frozen=True, slots=True)
class Skip:
    """A file that could not be read, and why (in words)."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """A repository (or pinned distribution) that was read.

    `modules` counts the Python modules seen; `set_aside` those not analysed on purpose (tests, migrations), by kind.
    `web` is a link template with `{commit}`, `{path}`, `{line}`, `{end_line}`, or None when no web host is known.
    `kind` is `repository` or `library`. `stale` is set when the source could not be reached and its last good commit
    was used. `lost` says why it could not be read, and nothing of it was: what it serves, asks, runs and reads is then
    unknown, and no row says that nobody does. `left_open` are the rules of findings that are not held for that reason.
    """

    name: str
    url: str
    ref: str
    commit: str
    modules: int
    skipped: tuple[Skip, ...] = ()
    set_aside: tuple[tuple[str, int], ...] = ()
    web: str | None = None
    kind: str = "repository"
    stale: bool = False
    lost: str = ""
    left_open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span of source lines at a commit, and the part it plays (`call`, `setting`, `schedule`, `enqueue`, `route`...).

    Lines count from 1. `text` is the first line of the code, trimmed, for reading without following the link.
    """

    repo: str
    commit: str
    path: str
    line: int
    end_line: int
    role: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """An entry point that reaches a piece of code: a route, a task, a command, a signal receiver, start-up.

    `services` are those of the repository whose processes have it and reach the code from it; contexts that differ in
    nothing else are the same.
    """

    kind: str
    name: str
    services: tuple[str, ...] = dataclasses.field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the chain from an entry point to a call: the function entered, and the line that enters it.

    `how` is `call`, `enqueue`, `signal`, `hook`, `schedule`, `route`, `override` or `callback`.
    """

    repo: str
    path: str
    line: int
    function: str
    how: str


@dataclass(frozen=True, slots=True)
class Task:
    """A Celery task. `origin` is `repo` or the distribution that brings it; `summary` the docstring's first line."""

    id: str
    repo: str
    name: str
    path: str
    line: int
    end_line: int
    function: str
    queue: str | None
    origin: str = "repo"
    services: tuple[str, ...] = ()
    summary: str = ""
    queue_from: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A beat entry. `task_id` is null when it resolves to no task; `unresolved` then says why: Celery itself has it
    (`built-in`), its name is not known (`unknown`), it may stand in what was not read (`unread`), another repository
    has it (`elsewhere`), or nothing has it (`missing`). `note` says where declared and effective differ.
    `queue` is the one that beat puts the task on: that of the entry's options, else the task's own; null when it is not
    known."""

    id: str
    repo: str
    key: str
    task: str
    task_id: str | None
    schedule: str
    cadence: str
    path: str
    line: int
    end_line: int
    service: str = ""
    note: str = ""
    settings: tuple[str, ...] = ()
    condition: str = ""
    queue: str | None = None
    unresolved: str = ""


@dataclass(frozen=True, slots=True)
class Enqueue:
    """A place that queues a task. `task` is the task's name, or null when it is not known (then `note` says why)."""

    id: str
    repo: str
    path: str
    line: int
    end_line: int
    function: str
    task: str | None
    how: str
    task_id: str | None = None
    queue: str | None = None
    contexts: tuple[Context, ...] = ()
    confidence: str = "certain"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A URL pattern that a service serves. `pattern` starts with `/`; parameters are `<name>`. `condition` is what must
    hold for it to be served at all (`settings.DEBUG`), "" where it always is; it says so where the settings say no."""

    id: str
    repo: str
    service: str
    pattern: str
    name: str | None
    view: str
    methods: tuple[str, ...]
    path: str
    line: int
    view_path: str = ""
    view_line: int = 0
    origin: str = "repo"
    deprecated: str = ""
    kind: str = "route"
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A place that causes a request to another system.

    `url` is a template: literal text with `{setting:NAME}`, `{arg:name}` or `{?reason}` holes. `timeout` is `yes`,
    `no` or `unknown`. `known_by` says what the system rests on (`estate host`, `setting`, `rule`, `only server`...).
    `asked` is the path that it asks for, below what its base holds by default, `{}` for each hole ("" where that is not
    known); `redirected` says that Django answers it by a redirect to the path with a slash.
    `chains` holds chains of hops from entry points, shortest first, at most a handful; `entered` the entry point that
    each of them begins with.
    """

    id: str
    repo: str
    path: str
    line: int
    end_line: int
    function: str
    via: str
    system: str | None
    http_method: str | None
    url: str
    base_setting: str | None
    route_id: str | None
    timeout: str
    contexts: tuple[Context, ...]
    confidence: str
    label: str = ""
    auth: str = ""
    condition: str = ""
    service: str = ""
    known_by: str = ""
    why: str = ""
    route_candidates: tuple[str, ...] = ()
    chains: tuple[tuple[Hop, ...], ...] = ()
    entered: tuple[Context, ...] = ()
    asked: str = ""
    redirected: bool = False


@dataclass(frozen=True, slots=True)
class Store:
    """A place that reads or writes a datastore. `operation` is `read`, `write` or `both`."""

    id: str
    repo: str
    service: str
    system: str
    kind: str
    operation: str
    setting: str | None
    engine: str
    path: str
    line: int
    end_line: int
    function: str
    contexts: tuple[Context, ...]
    via: str = ""
    confidence: str = "certain"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that points at another system or datastore. `default` has secrets masked."""

    id: str
    repo: str
    service: str
    name: str
    default: str | None
    env: str | None
    system: str | None
    path: str
    line: int
    kind: str = ""
    required: bool = False
    read_at: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A brittle link or other finding. `fingerprint` survives moves; `remedy` says how to mend it."""

    id: str
    rule: str
    severity: str
    message: str
    repo: str
    path: str
    line: int
    end_line: int
    fingerprint: str
    flow_ids: tuple[str, ...]
    function: str = ""
    remedy: str = ""
    call_ids: tuple[str, ...] = ()
    suppressed: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """What a service runs, or a script that none does (`service` is ""). `kind` is `web`, `worker`, `beat`, `command`,
    `consumer` (a command that deployment runs without end) or `script`; `id` is that of its element where one is drawn.

    `queues` are those that a worker takes; `started_by` says what starts it (a schedule in words, or a deployment file
    and what it runs), empty where nothing that was read does; `entries` are the routes, tasks, schedules or the command
    by which it is entered.
    """

    id: str
    repo: str
    service: str
    kind: str
    name: str
    queues: tuple[str, ...]
    started_by: tuple[str, ...]
    entries: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Inbound:
    """A route that another system (not a browser user of this estate) is known to call: a webhook, a callback."""

    id: str
    repo: str
    service: str
    route_id: str
    system: str
    kind: str
    label: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something seen and not understood: what it was, why, and what would settle it."""

    id: str
    kind: str
    repo: str
    path: str
    line: int
    what: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Node:
    """A C4 element. `parent` is the id of the system that holds it. `group` lets views collapse externals.

    `scope` is `estate` for systems of the estate and what is in them, else `external`. `role` says what a container is
    to its `service`, or to its system: `web`, `worker`, `queue`, `beat`, `proxy`, `frontend`; "" for other elements.
    """

    id: str
    kind: str
    name: str
    technology: str
    description: str
    parent: str | None
    evidence: tuple[Evidence, ...]
    group: str = ""
    scope: str = "estate"
    repo: str | None = None
    role: str = ""
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """An arrow between two nodes: what moves (`label`), how, when, and the evidence, primary first (never empty).

    `sync` is true when the caller blocks. `call_ids`, `route_ids`, `task_ids`, `schedule_ids`, `enqueue_ids`,
    `store_ids`, `finding_ids` lead back to the rows it was made of. `chain` is the shortest chain from an entry point
    to the call. `declared` says that the estate file says so and no code does: its evidence is the line of that file.
    """

    id: str
    source: str
    target: str
    label: str
    sync: bool
    protocol: str
    data: str
    trigger: str
    cadence: str
    confidence: str
    evidence: tuple[Evidence, ...]
    why: str = ""
    condition: str = ""
    call_ids: tuple[str, ...] = ()
    route_ids: tuple[str, ...] = ()
    task_ids: tuple[str, ...] = ()
    schedule_ids: tuple[str, ...] = ()
    finding_ids: tuple[str, ...] = ()
    chain: tuple[Hop, ...] = ()
    enqueue_ids: tuple[str, ...] = ()
    store_ids: tuple[str, ...] = ()
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered arrow of a scenario: that of the flow `flow_id`, from which its ends, `sync` and evidence come.

    A `missing` step matched nothing (no evidence), or a flow that nothing in the code joins to what the steps before it
    opened (`flow_id` is set, `note` says *not linked in code*); a `declared` one rests on the word of the estate file.
    `opened_by` is the number of the step that opened the entry point it is reached from (0 for beginnings), `trigger`
    that entry point; `cadence` and `condition` are those of that way, and not all those of the flow.
    """

    n: int
    source: str
    target: str
    label: str
    sync: bool
    evidence: tuple[Evidence, ...]
    missing: bool = False
    note: str = ""
    flow_id: str | None = None
    declared: bool = False
    opened_by: int = 0
    trigger: str = ""
    cadence: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A Dynamic diagram. `missing` holds the numbers of the steps that are."""

    id: str
    title: str
    description: str
    steps: tuple[Step, ...]
    missing: tuple[int, ...]
    system: str = ""
    sync: str = "mixed"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what a repository declares was understood: `kind` is what is counted (`URL declarations`), `declared`
    comes of a plain pass over the code, and `reasons` say why the rest was not understood, or why there is none."""

    repo: str
    kind: str
    declared: int
    understood: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a repository."""

    repo: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class EtlRow:
    """A row of the ingestion table of `system` (the system that is read from or fed)."""

    source: str
    transport: str
    cadence: str
    data: str
    source_of_truth: Place
    brittle: bool
    reasons: tuple[str, ...]
    system: str = ""
    consumer: str = ""
    flow_ids: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """One scan, whole. `estate` is the estate's title; `generated` the stamp (ISO 8601, UTC)."""

    schema: str
    version: str
    generated: str
    estate: str
    sources: tuple[Source, ...] = ()
    tasks: tuple[Task, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    enqueues: tuple[Enqueue, ...] = ()
    routes: tuple[Route, ...] = ()
    calls: tuple[Call, ...] = ()
    stores: tuple[Store, ...] = ()
    settings: tuple[Setting, ...] = ()
    inbound: tuple[Inbound, ...] = ()
    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    nodes: tuple[Node, ...] = ()
    processes: tuple[Process, ...] = ()
    flows: tuple[Flow, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    etl: tuple[EtlRow, ...] = ()
    coverage: tuple[Coverage, ...] = ()
