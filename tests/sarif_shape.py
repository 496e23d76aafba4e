"""What of SARIF 2.1.0 our log uses, as a JSON Schema that allows nothing beside it."""

from __future__ import annotations

from typing import Any


def _object(required: str, **optional: Any) -> dict[str, Any]:
    """A schema of an object with the properties named, and those given with a schema of their own."""
    names = required.split()
    properties = {name: optional.pop(name, True) for name in names} | optional
    return {"type": "object", "required": names, "properties": properties, "additionalProperties": False}


def _many(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


_STR, _LEVEL = {"type": "string"}, {"enum": ["none", "note", "warning", "error"]}
_TEXT = _object("text", text={"type": "string", "minLength": 1})
_REGION = _object("startLine endLine", startLine={"type": "integer", "minimum": 1}, endLine={"type": "integer"})
_PHYSICAL = _object("artifactLocation", artifactLocation=_object("uri uriBaseId", uri=_STR), region=_REGION)
_LOCATION = _object(
    "physicalLocation", physicalLocation=_PHYSICAL, logicalLocations=_many(True), id={"type": "integer"}, message=_TEXT
)
_RULE = _object(
    "id name shortDescription fullDescription help defaultConfiguration properties",
    shortDescription=_TEXT,
    fullDescription=_TEXT,
    help=_TEXT,
    helpUri={"type": "string", "pattern": "^https?://"},
    defaultConfiguration=_object("level", level=_LEVEL),
)
_RESULT = _object(
    "ruleId ruleIndex level message locations partialFingerprints properties",
    level=_LEVEL,
    message=_TEXT,
    locations=_many(_LOCATION),
    relatedLocations=_many(_LOCATION),
    suppressions=_many(_object("kind status justification", kind={"enum": ["inSource", "external"]})),
)
_NOTE = _object("level message locations", level=_LEVEL, message=_TEXT, locations=_many(_LOCATION))
_RUN = _object(
    "tool invocations originalUriBaseIds columnKind results",
    tool=_object("driver", driver=_object("name version rules", rules=_many(_RULE))),
    invocations=_many(
        _object(
            "executionSuccessful toolExecutionNotifications",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=_many(_NOTE),
        )
    ),
    results=_many(_RESULT),
    versionControlProvenance=_many(
        _object(
            "repositoryUri revisionId mappedTo",
            repositoryUri={"type": "string", "pattern": "^(https?|ssh|git)://[^@]+$"},
            branch=_STR,
        )
    ),
)
SARIF = _object("$schema version runs", version={"const": "2.1.0"}, runs=_many(_RUN))
