"""Ids of rows and of C4 elements: made of what they say, never of where it stands, so that scans can be compared."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from typing import Any, TypeVar

Row = TypeVar("Row")


def row_id(prefix: str, *parts: str) -> str:
    """`prefix-` and twelve hex digits of the parts' digest."""
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{prefix}-{digest[:12]}"


def with_unique_ids(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows with `-2`, `-3`, ... appended to ids that stand more than once, in the order given."""
    seen: dict[str, int] = {}
    out: list[Any] = []
    for row in rows:
        known: str = row.id  # type: ignore[attr-defined]
        seen[known] = seen.get(known, 0) + 1
        more = {"id": f"{known}-{seen[known]}"} if seen[known] > 1 else {}
        out.append(dataclasses.replace(row, **more) if more else row)  # type: ignore[type-var]
    return tuple(out)


def person_id(person: str) -> str:
    """The node id of a person."""
    return f"person:{person}"


def store_id(system: str, store: str) -> str:
    """The node id of a system's datastore."""
    return f"{system}/{store}"


def web_id(system: str, service: str) -> str:
    """The node id of a service's web container."""
    return f"{system}/{service}"


def worker_id(system: str, service: str) -> str:
    """The node id of a service's Celery worker."""
    return f"{system}/{service}-worker"


def queue_id(system: str, service: str) -> str:
    """The node id of the queues between a service and its worker."""
    return f"{system}/{service}-queue"


def beat_id(system: str, service: str) -> str:
    """The node id of a service's beat."""
    return f"{system}/{service}-beat"


def command_id(system: str, service: str, command: str) -> str:
    """The node id of a process of its own in which a service's management command runs."""
    return f"{system}/{service}-command-{command}"


def script_id(system: str, path: str) -> str:
    """The node id of a script that is run by its path."""
    return f"{system}/script:{path}"


def ids_of_service(system: str, service: str) -> dict[str, str]:
    """The node ids that a service may have, by role."""
    make = {"web": web_id, "worker": worker_id, "queue": queue_id, "beat": beat_id}
    return {role: name(system, service) for role, name in make.items()}
