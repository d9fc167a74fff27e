"""One browser for all of these tests, and a console with something in it for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import NONE_HERE, executable, started
from tests.browser.visiting import Console
from tests.support.console_world import seeded, serving


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Skips, with the reason, where there is none."""
    path = executable()
    if path is None:
        pytest.skip(NONE_HERE)
    with started(path) as found:
        yield found


@pytest.fixture(scope="module")
def console(browser: Browser) -> Iterator[Console]:
    """A console in which things have happened. Tests that change it make their own."""
    with serving(seeded) as (origin, world):
        found = Console(browser, origin, world)
        yield found
        found.close()
