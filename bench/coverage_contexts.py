"""A pytest plugin for mutants.py: coverage notes for each line which test ran it, and writes how long each test took.

What runs for more than one test (the import of a test's module, fixtures of a module) counts for the module's file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import coverage
import pytest

_SECONDS: dict[str, float] = {}
_FAILED: set[str] = set()


def _switch(context: str) -> None:
    measured = coverage.Coverage.current()
    if measured is not None:
        measured.switch_context(context)


def _file(node: pytest.Item | pytest.Collector) -> str:
    return node.nodeid.split("::", 1)[0]


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Collecting a module imports it."""
    _switch(_file(collector))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """What follows is the test's."""
    _switch(item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """A fixture that other tests get too is its module's."""
    if fixturedef.scope == "function":
        return (yield)
    item = request._pyfuncitem
    _switch(_file(item))
    try:
        return (yield)
    finally:
        _switch(item.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Sums the seconds of set-up, call and tear-down; notes what fails, and so can notice nothing."""
    _SECONDS[report.nodeid] = _SECONDS.get(report.nodeid, 0.0) + report.duration
    if report.failed:
        _FAILED.add(report.nodeid)


def pytest_sessionfinish() -> None:
    """Writes what was noted."""
    noted = {"seconds": _SECONDS, "failed": sorted(_FAILED)}
    Path(os.environ["MUTANTS_TESTS"]).write_text(json.dumps(noted), "utf-8")
