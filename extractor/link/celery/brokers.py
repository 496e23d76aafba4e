"""The broker that an application is given in its own code, where no setting of Django declares one.

Source: Celery's configuration reference, `broker_url`, and `Celery(broker=...)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from extractor.estate.model import Service
from extractor.evaluate.evaluator import Evaluator
from extractor.evaluate.values import Env, Text, Values
from extractor.link.celery.config import Config, configs
from extractor.link.settings import DeclaredStore
from extractor.link.settings.table import Where
from extractor.rules.stores import Engine, store_rules
from extractor.text.urls import scheme_of

_NAMES = ("broker_url", "BROKER_URL", "broker")


def with_brokers(
    ev: Evaluator, services: Sequence[Service], declared: Mapping[str, Sequence[DeclaredStore]]
) -> dict[str, tuple[DeclaredStore, ...]]:
    """The stores of each service, with the queue of its Celery application where its settings declare none."""
    found = {service: tuple(stores) for service, stores in declared.items()}
    for config in configs(ev, services):
        for service in (config.service,) if config.service else tuple(found):
            if all(store.kind != "queue" for store in found.get(service, ())):
                found[service] = (*found.get(service, ()), *_broker(config))
    return found


def _broker(config: Config) -> Iterator[DeclaredStore]:
    written = next(iter(reversed(list(config.on_conf(*_NAMES)))), None)
    if written is None or not written.module.in_repo:
        return
    values = config.ev.eval(written.expr, written.frame)
    engine = _engine(config.fold(values))
    if engine is not None:
        env = next((value.name for value in values if isinstance(value, Env)), None)
        where = Where(written.module.path, written.line, written.line)
        yield DeclaredStore("default", "queue", engine.technology, engine.system, "broker_url", env, where)


def _engine(values: Values) -> Engine | None:
    texts = ("".join(part if isinstance(part, str) else "x" for part in v.parts) for v in values if isinstance(v, Text))
    return next((engine for text in texts if (engine := store_rules().by_scheme(scheme_of(text)))), None)
