"""The baseline file: read whole or refused whole, grown by hand, pruned of what was mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractor.errors import UserError
from extractor.gate.baseline import Acceptance, Baseline, accept, dump_baseline, prune, read_baseline

ENTRY = Acceptance("f1", "new-brittle-links", "shop/a.py:1", "known: being mended", "2026-12-31")


def test_a_file_that_is_not_there_accepts_nothing(tmp_path: Path) -> None:
    assert read_baseline(tmp_path / "none.yaml") == Baseline()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    baseline = accept(accept(Baseline(), ENTRY), Acceptance("f0", "new-cycles", "the estate", "old", "2027-01-01"))
    (tmp_path / "b.yaml").write_text(dump_baseline(baseline), "utf-8")
    assert read_baseline(tmp_path / "b.yaml") == baseline


def test_accepting_again_replaces_the_older_acceptance() -> None:
    later = Acceptance("f1", "new-brittle-links", "shop/a.py:1", "still", "2027-06-30")
    assert accept(Baseline((ENTRY,)), later).accepted == (later,)


def test_what_was_mended_leaves_the_baseline() -> None:
    other = Acceptance("f2", "new-brittle-links", "shop/b.py:1", "why", "2026-12-31")
    assert prune(Baseline((ENTRY, other)), {"f2", "f3"}).accepted == (other,)


@pytest.mark.parametrize(
    ("reason", "expires", "message"),
    [(" ", "2026-12-31", "needs a reason"), ("why", "soon", "not a date"), ("why", "2026-02-30", "not a date")],
)
def test_an_acceptance_without_reason_or_date_is_refused(reason: str, expires: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        accept(Baseline(), Acceptance("f1", "r", "w", reason, expires))


def test_all_faults_of_the_file_come_in_one_error(tmp_path: Path) -> None:
    text = "accepted:\n- {fingerprint: f1, rule: r, where: w, expires: soon, reazon: x}\n"
    (tmp_path / "b.yaml").write_text(text, "utf-8")
    with pytest.raises(UserError) as error:
        read_baseline(tmp_path / "b.yaml")
    assert "'reason' is missing" in str(error.value)
    assert "did you mean 'reason'?" in str(error.value)
    assert "'soon'" in str(error.value)


def test_a_fingerprint_that_stands_twice_is_refused(tmp_path: Path) -> None:
    line = "- {fingerprint: f1, rule: r, where: w, expires: 2026-12-31, reason: x}\n"
    (tmp_path / "b.yaml").write_text("accepted:\n" + line * 2, "utf-8")
    with pytest.raises(UserError, match="stands twice"):
        read_baseline(tmp_path / "b.yaml")
