"""Which queues the workers of a deployment take, as their command lines say.

Source: Celery's user guide, *Routing Tasks* (`celery worker -Q a,b`). A worker without `-Q` takes what the application
declares, so that where there is one, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from extractor.deployment.units import Unit
from extractor.text.words import words_of

_OPEN = re.compile(r"[$`{}()*]")  # a queue whose name a variable holds
_WORKER_WORDS = frozenset({"worker", "workers", "celery", "queue", "queues"})


def queues_taken(units: Iterable[Unit]) -> frozenset[str] | None:
    """The queues that the Celery workers of deployments take, all of them; None where that is not known: there is no
    worker, or one whose command line was not read, names no queues, or leaves their names open."""
    deployed = [unit for unit in units if unit.kind == "deployment"]
    workers = [unit for unit in deployed if unit.role == "worker" and unit.technology == "Celery"]
    others = [unit for unit in deployed if unit.role in ("worker", "other") and unit not in workers]
    if not workers or any(_WORKER_WORDS.intersection(words_of(unit.name)) for unit in others):
        return None
    named = frozenset(queue for unit in workers for queue in unit.queues)
    is_open = any(not unit.queues for unit in workers) or any(_OPEN.search(queue) for queue in named)
    return None if is_open else named


__all__ = ["queues_taken"]
