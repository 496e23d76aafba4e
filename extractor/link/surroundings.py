"""What turning effects into rows needs to know of the repository around them."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.link.entrypoints import Reach
from extractor.link.services import ServiceOf
from extractor.link.settings import StoreOf
from extractor.link.targets import Targets


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What turning effects into rows needs to know. `store_of` gives the declared store of a kind and an alias,
    `service_of` the services that run code at a path reached from some entry points."""

    repo: str
    systems: Targets
    reach: Reach
    store_of: StoreOf
    service_of: ServiceOf
