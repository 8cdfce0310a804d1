"""A real browser for tests: Debian's chromium, driven by Playwright."""

import os
import shutil
from contextlib import contextmanager

import pytest

_PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--no-first-run"]  # fmt: skip


@contextmanager
def chromium():
    """Yield the browser. Without one the test is skipped, or fails if CLINWEAVE_REQUIRE_BROWSER is 1."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if _PROGRAM is None:
        if os.environ.get("CLINWEAVE_REQUIRE_BROWSER") == "1":
            pytest.fail("no chromium on this machine")
        pytest.skip("no chromium on this machine (Debian: chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_PROGRAM, args=_OPTIONS)
        yield browser
        browser.close()
