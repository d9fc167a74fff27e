"""Visits to a console with a real browser: who, in which language, on which screen, and what went wrong meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request

from infra.local.paths import LOCAL
from tests.support.console_world import ConsoleWorld
from tieout.domain.person import Role

# Set to a folder (or to 1 for .local/screenshots), the tests leave a picture of every page there.
SCREENSHOTS = os.environ.get("TIEOUT_SCREENSHOTS", "")
PHONE, DESKTOP = 390, 1280
Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    language: str
    width: int
    scheme: Scheme

    def __str__(self) -> str:
        return f"{self.language}-{self.width}-{self.scheme}"


# Each language, each width and each scheme, and each pair of them.
LOOKS = (
    Look("en", DESKTOP, "light"),
    Look("en", PHONE, "dark"),
    Look("pt-BR", PHONE, "light"),
    Look("pt-BR", DESKTOP, "dark"),
)


@dataclass
class Console:
    """A console at `origin`, over `world`. Browsers that are signed in are kept, one for each look and role."""

    browser: Browser
    origin: str
    world: ConsoleWorld
    _kept: dict[tuple[Look, Role], BrowserContext] = field(default_factory=dict)

    @contextmanager
    def visit(self, look: Look, role: Role | None = Role.OPERATOR, *, fresh: bool = False) -> Iterator[Visit]:
        """A window of a browser that is signed in, unless `role` is None. `fresh`: a browser that nobody else uses,
        for who signs out of it or changes its language."""
        if role is not None and not fresh:
            page = (self._kept.get((look, role)) or self._signed_in(look, role)).new_page()
            try:
                yield Visit(self, look, page)
            finally:
                page.close()
            return
        context = self._context(look)
        try:
            if role is not None:
                self._sign_in(context, look, role)
            yield Visit(self, look, context.new_page())
        finally:
            context.close()

    def close(self) -> None:
        """The browsers that were kept."""
        for context in self._kept.values():
            context.close()

    def _signed_in(self, look: Look, role: Role) -> BrowserContext:
        context = self._kept[look, role] = self._context(look)
        self._sign_in(context, look, role)
        return context

    def _sign_in(self, context: BrowserContext, look: Look, role: Role) -> None:
        visit = Visit(self, look, context.new_page())
        visit.open(self.world.link(role))
        visit.page.locator("main button").click()
        visit.page.wait_for_url("**/overview")
        visit.page.close()

    def _context(self, look: Look) -> BrowserContext:
        return self.browser.new_context(
            locale=look.language,
            color_scheme=look.scheme,
            viewport={"width": look.width, "height": 844 if look.width == PHONE else 900},
            reduced_motion="reduce",
        )


@dataclass
class Visit:
    """`complaints` is what the browser objected to: blocked or failed requests, errors, calls of other hosts."""

    console: Console
    look: Look
    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(30_000)
        self.page.on("console", lambda said: self._note(said.type in ("error", "warning"), said.text))
        self.page.on("pageerror", lambda error: self._note(True, str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", lambda one: self._note(not one.url.startswith(self.console.origin), f"asks {one.url}"))

    def _failed(self, request: Request) -> None:
        # Who leaves a page before its icon has come does not want it any more.
        left = request.failure == "net::ERR_ABORTED" and "/icon." in request.url
        self._note(not left, f"{request.url} {request.failure}")

    def _note(self, wrong: bool, text: str) -> None:
        if wrong:
            self.complaints.append(text)

    def open(self, path: str) -> int:
        """Go to a path of the console; gives the status."""
        answer = self.page.goto(f"{self.console.origin}{path}")
        return answer.status if answer else 0

    def picture(self, name: str) -> None:
        """A picture of the whole page, when pictures are wanted."""
        if SCREENSHOTS:
            folder = LOCAL / "screenshots" if SCREENSHOTS == "1" else Path(SCREENSHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{name}-{self.look}.png", full_page=True)

    def barriers(self) -> list[str]:
        """What axe-core finds that keeps people out, seriously or worse."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {node['html']} {node['failureSummary']}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    def too_wide(self) -> int:
        """By how many pixels the page is wider than the screen."""
        width: int = self.page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
        return width
