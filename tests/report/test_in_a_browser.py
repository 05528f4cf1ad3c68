"""A report in a real browser: nothing to complain of, and it can be printed."""

import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from conftest import ODD

from catalog import Catalog

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on this machine")


def test_it_opens_from_disk_without_a_complaint_and_prints(ingested: Path, browser: str, tmp_path: Path) -> None:
    catalog = Catalog(shutil.copy(ingested, tmp_path))
    catalog.add_label(ODD, "<script>alert(1)</script>")
    catalog.report(tmp_path / "report.html", now=datetime(2026, 11, 22))
    command = [
        browser, *QUIET, f"--user-data-dir={tmp_path / 'user'}", "--enable-logging=stderr",
        f"--print-to-pdf={tmp_path / 'report.pdf'}", (tmp_path / "report.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    # Whatever its policy forbids, as a request to anywhere, would be said on the console.
    assert "CONSOLE" not in done.stderr
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
