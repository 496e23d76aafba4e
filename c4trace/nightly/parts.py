"""What a night is made of: the parts that the composition root gives, and the state of one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from c4trace.nightly.config import NightlyConfig
from c4trace.nightly.fetch import Opener, Sleep
from c4trace.nightly.log import Log
from c4trace.snapshots.store import SnapshotStore
from extractor.diff.document import GraphDiff
from extractor.gate.policy import Breach
from extractor.model.graph import Graph
from extractor.sources import SourceSpec, Tree


@dataclass(frozen=True, slots=True)
class Extras:
    """What a night adds to the output: `pages` of the site (name -> title and HTML body) and `files` of the output
    directory (relative path -> text).
    """

    pages: Mapping[str, tuple[str, str]]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outside:
    """What is outside of a night: the variables that hold the webhooks' secrets, the clock, and waiting (seconds)."""

    environment: Mapping[str, str]
    now: Callable[[], datetime]
    sleep: Sleep


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a night.

    `opener` opens a source (from this machine only, when its flag is set); `scan` makes the graph of the trees, given
    the reasons why others could not be read, and the last good graph (None on a first night); `diff`
    compares two graphs; `explain` names the commits that brought a diff's changes, given the base's commits by source
    and tonight's trees; `gate` says what a diff and its head breach of the policy; `draw` makes a page (a whole HTML
    document) of two graphs, their diff and warnings to stand on it; `publish` puts a graph and its extras in the last
    output's place, whole.
    """

    specs: tuple[SourceSpec, ...]
    opener: Opener
    scan: Callable[[Mapping[str, Tree], Mapping[str, str], Graph | None], Graph]
    diff: Callable[[Graph, Graph], GraphDiff]
    explain: Callable[[GraphDiff, Mapping[str, str], Mapping[str, Tree]], GraphDiff]
    gate: Callable[[GraphDiff, Graph], tuple[Breach, ...]]
    draw: Callable[[Graph, Graph, GraphDiff, Sequence[str]], str]
    publish: Callable[[Graph, Extras], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what it goes by, its open store, and when it began."""

    config: NightlyConfig
    parts: Parts
    outside: Outside
    log: Log
    store: SnapshotStore
    began: datetime
