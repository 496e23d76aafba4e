"""Facts kept between runs: nothing is linked twice, and nothing stale is taken for the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from extractor.estate.file import load_estate
from extractor.estate.options import apply_overrides, parse_source_override
from extractor.link.facts import RepoFacts
from extractor.model.graph import Graph
from extractor.options import ScanOptions
from extractor.pipeline import parallel
from extractor.pipeline.projects import link_projects
from extractor.pipeline.reading import ReadRepository
from extractor.pipeline.scan import scan_estate
from extractor.sources import open_source
from tests.build_estate import build_estate

pytestmark = pytest.mark.slow

ESTATE = Path(__file__).parent / "fixtures" / "estate" / "estate.yaml"


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_estate(tmp_path_factory.mktemp("repositories"))


def scanned(repositories: dict[str, Path], cache: Path, title: str | None = None) -> Graph:
    overrides = [parse_source_override(f"{name}={path}") for name, path in repositories.items()]
    estate = apply_overrides(load_estate(ESTATE), overrides)
    if title is not None:
        import dataclasses

        estate = dataclasses.replace(estate, title=title)
    trees = {spec.name: open_source(spec, cache) for spec in estate.sources()}
    return scan_estate(estate, trees, ScanOptions("2026-01-01T00:00:00+00:00", "1", 1, cache, offline=True))


def test_a_second_scan_links_nothing_anew_but_what_a_missing_library_leaves_open(
    repositories: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = scanned(repositories, tmp_path)
    linked: list[str] = []
    link = link_projects

    def recorded(reading: ReadRepository, *given: Any) -> RepoFacts:
        linked.append(reading.source.name)
        return link(reading, *given)

    monkeypatch.setattr(parallel, "link_projects", recorded)
    assert scanned(repositories, tmp_path) == first
    assert linked == sorted({gap.repo for gap in first.gaps if gap.kind == "library"}) == ["campus-platform"]


def test_a_damaged_file_is_linked_anew(repositories: dict[str, Path], tmp_path: Path) -> None:
    first = scanned(repositories, tmp_path)
    files = sorted((tmp_path / "facts").rglob("*.facts"))
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[:-7] + b"damaged")
    assert scanned(repositories, tmp_path) == first


def test_another_estate_has_other_facts(repositories: dict[str, Path], tmp_path: Path) -> None:
    scanned(repositories, tmp_path)
    before = set((tmp_path / "facts").rglob("*.facts"))
    assert scanned(repositories, tmp_path, title="Another").estate == "Another"
    assert set((tmp_path / "facts").rglob("*.facts")) > before
