"""Which page answers which request, and whom it is open to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tieout.console.web import Reply

if TYPE_CHECKING:
    from tieout.console.desk import Desk
    from tieout.console.visit import Visit

Handle = Callable[["Desk", "Visit"], Reply]


class Needs(StrEnum):
    """Whom a route is open to."""

    NOBODY = "nobody"  # also to who is not signed in
    VIEWER = "viewer"
    OPERATOR = "operator"


class Scope(StrEnum):
    """Whether a route is about one connection (its path then follows `/c/<connection>`) or about the whole site."""

    CONNECTION = "connection"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is made of literal segments and of `{names}`, which `Visit.values` gives. Made by `shows` and `changes`,
    unless a route is an exception."""

    method: str
    path: str
    handle: Handle
    needs: Needs
    scope: Scope = Scope.CONNECTION

    @property
    def pattern(self) -> str:
        """The whole path below the console's base."""
        return f"/c/{{connection}}{self.path}" if self.scope is Scope.CONNECTION else self.path


def shows(path: str, handle: Handle, scope: Scope = Scope.CONNECTION) -> Route:
    """A page: GET, for everybody who is signed in. It changes nothing."""
    return Route("GET", path, handle, Needs.VIEWER, scope)


def changes(path: str, handle: Handle, scope: Scope = Scope.CONNECTION) -> Route:
    """A change: POST, for operators, with session, CSRF token and from a page of ours."""
    return Route("POST", path, handle, Needs.OPERATOR, scope)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the console: a module in `pages`. `menu` is what the menu calls it (a message; empty: not in the menu),
    `start` the path that the menu leads to."""

    name: str
    routes: tuple[Route, ...]
    menu: str = ""
    start: str = ""
    scope: Scope = Scope.CONNECTION


@dataclass(frozen=True, slots=True)
class Found:
    """A route with the values of its path's names, and the page that it belongs to."""

    route: Route
    page: Page
    values: Mapping[str, str]


class Table:
    """All routes. A literal segment is preferred to a name."""

    def __init__(self, pages: Iterable[Page]) -> None:
        listed = [(_segments(route.pattern), route, page) for page in pages for route in page.routes]
        self._routes = sorted(listed, key=lambda one: [segment.startswith("{") for segment in one[0]])

    @property
    def routes(self) -> list[Route]:
        """Every route."""
        return [route for _, route, _ in self._routes]

    def find(self, method: str, path: str) -> Found | None:
        """The route of a request; None when there is none."""
        given = _segments(path)
        for segments, route, page in self._routes:
            values = _match(segments, given) if route.method == method else None
            if values is not None:
                return Found(route, page, values)
        return None

    def methods(self, path: str) -> list[str]:
        """What may be done with a path."""
        given = _segments(path)
        return sorted({route.method for segments, route, _ in self._routes if _match(segments, given) is not None})


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _match(segments: list[str], given: list[str]) -> dict[str, str] | None:
    if len(segments) != len(given):
        return None
    values = {}
    for segment, part in zip(segments, given, strict=True):
        if segment.startswith("{"):
            values[segment[1:-1]] = unquote(part)
        elif segment != part:
            return None
    return values
