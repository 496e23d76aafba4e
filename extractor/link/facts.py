"""What linking one repository gives: plain rows, no evaluator, so that it crosses processes and is compared easily."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.deployment.units import Runtime, Unit
from extractor.link.directives import PlacedDirective
from extractor.link.programs import CommandProgram
from extractor.link.routes.patterns import Way
from extractor.link.settings import DeclaredStore, SettingBinding
from extractor.model.graph import (
    Call,
    Coverage,
    Enqueue,
    Finding,
    Gap,
    Inbound,
    Route,
    Schedule,
    Setting,
    Source,
    Store,
    Task,
)


@dataclass(frozen=True, slots=True)
class RepoFacts:
    """The facts of one repository. `declared` lists the stores its settings declare, per service; `parameters` the
    regular expressions of routes' parameters, by route id, `variants` the other ways of writing their URLs; `bindings`
    the settings by which units meet; `programs` what it runs by name; `jobs` the services whose settings have a
    scheduler run something, each with that as a unit. `lacking` says that a pinned library could not be had."""

    source: Source
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
    declared: tuple[tuple[str, DeclaredStore], ...] = ()
    runtime: Runtime | None = None
    directives: tuple[PlacedDirective, ...] = ()
    parameters: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    variants: tuple[tuple[str, tuple[Way, ...]], ...] = ()
    bindings: tuple[SettingBinding, ...] = ()
    programs: tuple[CommandProgram, ...] = ()
    jobs: tuple[tuple[str, Unit], ...] = ()
    coverage: tuple[Coverage, ...] = ()
    lacking: bool = False
