"""Ids of C4 elements: made of the ids of systems, services and stores, so that flows and nodes agree on them."""

from __future__ import annotations

from extractor.estate import Service, System


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


def services_of(system: System) -> tuple[Service, ...]:
    """The services of a system; one made up of its name when the estate names none."""
    return system.services or (Service("web", system.name),)
