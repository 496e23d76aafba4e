"""What turning effects into rows needs to know of the repository around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from extractor.link.entrypoints import Reach
from extractor.link.occurrences import Occurrences
from extractor.link.settings import StoreOf
from extractor.link.targets import Targets


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What turning effects into rows needs to know. `reach` has the entry points by definition, `occurrences` where
    effects happen, `store_of` gives the declared store of a kind and an alias in a service, `undefined` says whether
    nothing defines a setting."""

    repo: str
    systems: Targets
    reach: Reach
    occurrences: Occurrences
    store_of: StoreOf
    undefined: Callable[[str], bool] = lambda _name: False
