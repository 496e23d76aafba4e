"""The version of c4trace, and the stamp of a run."""

from __future__ import annotations

import importlib.metadata
import os
from datetime import UTC, datetime

from extractor.errors import UserError


def version() -> str:
    """The version that is installed."""
    return importlib.metadata.version("c4trace")


def stamp() -> str:
    """Now, or the moment that `SOURCE_DATE_EPOCH` (seconds since 1970) pins, in UTC (ISO 8601, whole seconds).

    Raises UserError when the variable holds no such number.
    See https://reproducible-builds.org/specs/source-date-epoch/.
    """
    pinned = os.environ.get("SOURCE_DATE_EPOCH")
    if pinned is None:
        return datetime.now(UTC).isoformat(timespec="seconds")
    try:
        return datetime.fromtimestamp(int(pinned), UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError) as error:
        raise UserError(f"SOURCE_DATE_EPOCH is {pinned!r}", "give seconds since 1970, or unset it") from error
