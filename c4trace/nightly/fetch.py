"""Fetching the estate's sources at night: tried again and again, then as they were when they were last reached."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from c4trace.nightly.config import FetchPolicy
from c4trace.nightly.log import Log
from extractor.errors import SourceError
from extractor.sources import SourceSpec, Tree

# Opens a source; the flag is `offline`: only what is on this machine already.
Opener = Callable[[SourceSpec, bool], Tree]
Sleep = Callable[[float], None]

# Fetching waits for the network, not for a core.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a night has to read: `trees` by source name; which of them are `stale` (not reached, an older commit is
    read), and which are `lost` (not reached, and no copy here), each with the reason in words.
    """

    trees: Mapping[str, Tree]
    stale: Mapping[str, str]
    lost: Mapping[str, str]


def fetch_all(
    specs: Iterable[SourceSpec],
    last_good: Mapping[str, str],
    opener: Opener,
    policy: FetchPolicy,
    log: Log,
    sleep: Sleep,
) -> Fetched:
    """Open every source, several at once. `last_good` maps a source's name to its commit in the last good snapshot."""
    ordered = sorted(specs, key=lambda spec: spec.name)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(
            pool.map(lambda spec: _fetch(spec, last_good.get(spec.name, ""), opener, policy, log, sleep), ordered)
        )
    return Fetched(
        trees={spec.name: tree for spec, (tree, _) in zip(ordered, answers, strict=True) if tree is not None},
        stale={spec.name: why for spec, (tree, why) in zip(ordered, answers, strict=True) if tree is not None and why},
        lost={spec.name: why for spec, (tree, why) in zip(ordered, answers, strict=True) if tree is None},
    )


def _fetch(
    spec: SourceSpec, last_good: str, opener: Opener, policy: FetchPolicy, log: Log, sleep: Sleep
) -> tuple[Tree | None, str]:
    """A source's tree and why it is not the newest one ("" when it is)."""
    tree, reason = _try(spec, opener, policy, log, sleep)
    if tree is None:
        tree = _kept(spec, last_good, opener)
    if tree is None:
        log.say("error", "source-lost", f"{reason}; no copy of {spec.name} is kept here", source=spec.name)
    elif reason:
        message = f"{reason}; {spec.name} stays at {tree.commit[:12]}"
        log.say("warning", "source-stale", message, source=spec.name, commit=tree.commit)
    else:
        message = f"{spec.name} at {tree.commit[:12]} ({spec.ref})"
        log.say("info", "source", message, source=spec.name, commit=tree.commit)
    return tree, reason


def _try(spec: SourceSpec, opener: Opener, policy: FetchPolicy, log: Log, sleep: Sleep) -> tuple[Tree | None, str]:
    wait, reason = policy.first_wait, ""
    for attempt in range(1, policy.attempts + 1):
        try:
            return opener(spec, False), ""
        except SourceError as error:
            reason = error.message
        if attempt < policy.attempts:
            log.say("info", "retry", f"{reason}; trying again in {wait:g} s", source=spec.name, attempt=attempt)
            sleep(wait)
            wait = min(wait * 2, policy.longest_wait)
    return None, reason


def _kept(spec: SourceSpec, last_good: str, opener: Opener) -> Tree | None:
    """The commit of the last good night, else what was last fetched of the ref, from what is on this machine."""
    for ref in filter(None, (last_good, spec.ref)):
        try:
            return dataclasses.replace(opener(dataclasses.replace(spec, ref=ref), True), ref=spec.ref)
        except SourceError:
            continue
    return None
