"""The metrics of a run, as a text file that node_exporter's textfile collector reads."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UserError


@dataclass(frozen=True, slots=True)
class Metric:
    """A gauge: its name, what it says, and its samples (labels and a value)."""

    name: str
    explanation: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def render_metrics(metrics: Iterable[Metric]) -> str:
    """Prometheus's text exposition format 0.0.4: HELP, TYPE and samples, in the order given; ends with a newline."""
    lines = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.explanation}", f"# TYPE {metric.name} gauge"]
        lines += [f"{metric.name}{_labels(labels)} {value:.15g}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def write_metrics(path: Path, metrics: Iterable[Metric]) -> None:
    """Write the file whole or not at all: the collector never reads half of one. Raises UserError when it cannot be.

    The collector runs as another user, so everybody may read the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not named *.prom: the collector would read it while it is written.
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False, encoding="utf-8"
        ) as file:
            part = Path(file.name)
            try:
                file.write(render_metrics(metrics))
                os.fchmod(file.fileno(), 0o644)
                file.close()
                part.replace(path)
            except OSError:
                part.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UserError(f"the metrics file {path} cannot be written: {error.strerror}", "mend `metrics:`") from error


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items())) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
