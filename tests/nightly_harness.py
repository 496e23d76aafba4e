"""A night on real git repositories, with a scan that reads flows and findings out of two text files.

Run as a program (`python -m tests.nightly_harness STATE OUT CACHE URL DAY`) it does one night, so a test can kill it.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from c4trace.compare.introduced import explained
from c4trace.nightly.config import FetchPolicy, NightlyConfig
from c4trace.nightly.log import Log
from c4trace.nightly.night import run_night
from c4trace.nightly.parts import Extras, Outside, Parts
from extractor.diff import GraphDiff, diff_graphs
from extractor.gate.policy import Breach
from extractor.model.graph import Graph, Source
from extractor.model.serialise import to_dict
from extractor.sources import SourceSpec, Tree, open_source
from tests.git_repository import add_commit, git, make_repository
from tests.nightly_samples import finding, graph, night


def scan(trees: Mapping[str, Tree], lost: Mapping[str, str], before: Graph | None) -> Graph:
    """One flow for each line of `flows.txt`, one finding for each `severity subject` of `findings.txt`.

    Of a lost source nothing is kept.
    """
    flows, findings, sources = [], [], []
    for name, tree in sorted(trees.items()):
        texts = {entry.path: (tree.read(entry.blob) or b"").decode() for entry in tree.entries}
        flows += texts.get("flows.txt", "").split("\n")
        findings += [line.split() for line in texts.get("findings.txt", "").splitlines()]
        sources.append(Source(name, tree.url, tree.ref, tree.commit, len(texts), web=tree.web))
    sources += [Source(name, "", "main", "", 0, lost=why) for name, why in sorted(lost.items())]
    made = graph(
        flows=tuple(sorted(filter(None, flows))),
        findings=tuple(finding(subject, severity) for severity, subject in sorted(findings)),
    )
    return dataclasses.replace(made, sources=tuple(sources))


def publish_to(out: Path) -> object:
    """Publishing by one rename of a symbolic link."""

    def publish(made: Graph, extras: Extras) -> None:
        folder = out.with_name(f"{out.name}-{os.getpid()}-{len(list(out.parent.iterdir()))}")
        (folder / "site").mkdir(parents=True)
        (folder / "graph.json").write_text(json.dumps(to_dict(made)))
        for name, (title, body) in extras.pages.items():
            (folder / "site" / f"{name}.html").write_text(f"<title>{title}</title>{body}")
        for name, text in extras.files.items():
            (folder / name).write_text(text)
        link = out.with_name(f"{folder.name}.link")
        link.symlink_to(folder)
        link.replace(out)

    return publish


@dataclasses.dataclass
class Nights:
    """A shop's repository behind ssh, and the nights over it."""

    place: Path
    config: NightlyConfig
    environment: dict[str, str]
    urls: dict[str, str]
    gate_words: tuple[str, ...] = ()
    log: io.StringIO = dataclasses.field(default_factory=io.StringIO)
    slept: list[float] = dataclasses.field(default_factory=list)
    as_json: bool = False
    while_asleep: Callable[[], object] = bool

    @property
    def repository(self) -> Path:
        return self.place / "shop"

    @property
    def out(self) -> Path:
        return self.config.out

    def run(self, number: int) -> int:
        """The night of a day (see `night`); its log replaces the last one."""
        self.log.seek(0)
        self.log.truncate()
        log = Log(self.log, lambda: night(number), self.as_json)
        outside = Outside(self.environment, lambda: night(number), self.sleep)
        return run_night(self.config, self.parts(), outside, log)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.while_asleep()

    def parts(self) -> Parts:
        return Parts(
            specs=self.specs(),
            opener=lambda spec, offline: open_source(spec, self.place / "cache", offline),
            scan=scan,
            diff=diff_graphs,
            gate=self.gate,
            explain=lambda diff, base, trees: explained(diff, self.specs(), base, trees, self.place / "cache"),
            draw=lambda base, head, diff, warnings: f"<!doctype html>{[c.title for c in diff.changes]} {warnings}",
            publish=publish_to(self.out),  # type: ignore[arg-type]
        )

    def specs(self) -> tuple[SourceSpec, ...]:
        return tuple(SourceSpec(name, url, "main") for name, url in self.urls.items())

    def gate(self, diff: GraphDiff, head: Graph) -> tuple[Breach, ...]:
        words = [word for word in self.gate_words if any(flow.label == word for flow in head.flows)]
        return tuple(Breach("no-word", "shop", f"{word} is forbidden", "take it out", f"fp-{word}") for word in words)

    def commit(self, **files: str) -> str:
        """Commit files (`flows="a b"` writes one word a line into flows.txt)."""
        content = {f"{name}.txt": text.replace(" ", "\n").replace("=", " ") + "\n" for name, text in files.items()}
        return add_commit(self.repository, content, "Change")

    def page(self, name: str) -> str:
        return (self.out / "site" / name).read_text()

    def graph(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.out / "graph.json").read_text())
        return data


def serve_by_ssh(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ssh client that runs what it is asked on this machine, as long as `place/up` exists."""
    client = place / "ssh"
    client.write_text(f'#!/bin/sh\n[ -e {place}/up ] || exit 255\nfor last; do :; done\nexec sh -c "$last"\n')
    client.chmod(0o755)
    (place / "up").touch()
    monkeypatch.setenv("GIT_SSH_COMMAND", str(client))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")


def make_nights(place: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    """A shop with one flow, committed, behind ssh; the state, cache and output beside it."""
    make_repository(place / "shop", {"flows.txt": "orders\n"})
    git(place / "shop", "config", "uploadpack.allowFilter", "true")
    git(place / "shop", "config", "uploadpack.allowAnySHA1InWant", "true")
    serve_by_ssh(place, monkeypatch)
    config = NightlyConfig(
        out=place / "published" / "out",
        state=place / "state",
        site_url="https://example.org/architecture",
        metrics=place / "metrics" / "c4trace.prom",
        fetch=FetchPolicy(3, 2, 60),
    )
    config.out.parent.mkdir()
    return Nights(place, config, {}, {"shop": f"ssh://git@example.org{place}/shop"})


def main() -> int:
    state, out, cache, url, day = sys.argv[1:]
    place = Path(cache).parent
    nights = Nights(place, NightlyConfig(out=Path(out), state=Path(state)), {}, {"shop": url})
    print("began", flush=True)
    return nights.run(int(day))


if __name__ == "__main__":
    sys.exit(main())
