"""Where the rule files are: beside the packages in a checkout, inside the package in an installed wheel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

_INSTALLED = Path(__file__).parent.parent / "_rules"
_CHECKOUT = Path(__file__).parent.parent.parent / "rules"


def rules_dir() -> Path:
    """The directory of the shipped rules, estates, scenarios and schemas."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def read_schema(name: str) -> dict[str, Any]:
    """The shipped JSON Schema `rules/schema/NAME.schema.json` (draft 2020-12)."""
    return cast(dict[str, Any], json.loads((rules_dir() / "schema" / f"{name}.schema.json").read_text("utf-8")))
