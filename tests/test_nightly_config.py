"""The nightly configuration file: what it gives, and what it says of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from c4trace.nightly.config import FetchPolicy, Hook, NightlyConfig, load_config
from c4trace.snapshots.retention import Retention
from extractor.errors import UserError


def write(folder: Path, text: str) -> Path:
    path = folder / "nightly.yaml"
    path.write_text(text)
    return path


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "")) == NightlyConfig()


def test_every_key_is_read_and_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    text = """
estate: estate.yaml
sources: {shop: "/srv/git/shop.git@main"}
out: public
state: /var/lib/c4trace
site_url: https://example.org/architecture
metrics: node/c4trace.prom
feed_entries: 20
fetch: {attempts: 2, first_wait: 1, longest_wait: 9}
retention: {daily: 7, weekly: 4, monthly: 0}
notify:
  - {name: team, url_env: TEAM_URL, shape: slack, when: [brittle, failed], severity: high, token_env: TEAM_TOKEN}
"""
    assert load_config(write(tmp_path, text)) == NightlyConfig(
        estate=tmp_path / "estate.yaml",
        sources=(("shop", "/srv/git/shop.git@main"),),
        out=tmp_path / "public",
        state=Path("/var/lib/c4trace"),
        site_url="https://example.org/architecture",
        metrics=tmp_path / "node" / "c4trace.prom",
        feed_entries=20,
        fetch=FetchPolicy(2, 1, 9),
        retention=Retention(7, 4, 0),
        hooks=(Hook("team", "TEAM_URL", "TEAM_TOKEN", "slack", ("brittle", "failed"), "high"),),
    )


def test_all_mistakes_in_one_message_with_lines_and_suggestions(tmp_path: Path) -> None:
    text = "retension: {daily: 3}\nfetch:\n  attempts: 0\nmetrics: c4trace.txt\nnotify:\n  - {name: a}\n"
    with pytest.raises(UserError) as caught:
        load_config(write(tmp_path, text))
    for part in ("line 1: retension: unknown key (did you mean 'retention'?)", "line 3", "line 4", "line 6", "url_env"):
        assert part in str(caught.value)


def test_an_address_where_a_variables_name_belongs_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="name of an environment variable") as caught:
        load_config(write(tmp_path, "notify:\n  - {name: a, url_env: 'https://hooks.example.org/T0/s3cr3t'}\n"))
    assert "s3cr3t" not in str(caught.value)


def test_two_hooks_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="two hooks are named 'a'"):
        load_config(write(tmp_path, "notify:\n  - {name: a, url_env: A}\n  - {name: a, url_env: B}\n"))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_config(tmp_path / "absent.yaml")
