"""What tests of the load tester share."""

from __future__ import annotations

from pathlib import Path

import pytest

from locust_run import LocustRun


@pytest.fixture
def locust_run(tmp_path: Path) -> LocustRun:
    """Run load tests whose folder is this test's own."""
    return LocustRun(tmp_path / "runs")
