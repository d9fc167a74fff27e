"""Turns a template and what a page found into a reply. Everything that is put into a page is escaped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tieout.console.guard import CSRF_FIELD, SAID_COOKIE, forgotten
from tieout.console.language import LANGUAGES
from tieout.console.links import card_url
from tieout.console.routing import Page, Scope
from tieout.console.visit import Visit
from tieout.console.web import BASE, Cached, Reply, joined
from tieout.domain.money import Money

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class Layout:
    """`menu` are the pages that the menu names, in its order."""

    def __init__(self, menu: tuple[Page, ...]) -> None:
        self._menu = menu

    def page(self, visit: Visit, template: str, /, *, status: int = 200, **model: object) -> Reply:
        """`templates/<template>` with the names of `model`, and with those of `_names` that every template has."""
        text = _templates().get_template(template).render({**self._names(visit), **model})
        cookies = (forgotten(SAID_COOKIE),) if visit.said is not None else ()
        return Reply(status, text, cookies=cookies)

    def _names(self, visit: Visit) -> dict[str, object]:
        language = visit.language

        def tell(value: Money | datetime | date) -> str:
            match value:
                case Money():
                    return language.money(value)
                case datetime():
                    return language.time(value, visit.zone)
            return language.day(value)

        return {
            "visit": visit,
            "language": language,
            "languages": LANGUAGES,
            "_": language.say,
            "n_": language.count,
            "tell": tell,
            "number": language.number,
            "csrf": visit.session.csrf if visit.session else "",
            "csrf_field": CSRF_FIELD,
            "may_change": visit.may_change,
            "url": visit.url,
            "card_url": partial(card_url, visit),
            "site_url": visit.site_url,
            # Where a switch of the language comes back to; a form's own address shows nothing.
            "here_path": _address(visit) if visit.request.method == "GET" else visit.site_url(),
            "style": joined("static", static_name("style.css")),
            "icon": joined("static", static_name("icon.svg")),
            "menu": [(page, self._start(visit, page)) for page in self._menu if self._start(visit, page)],
        }

    def _start(self, visit: Visit, page: Page) -> str:
        """Where the menu leads; empty while there is no connection to lead to."""
        if page.scope is Scope.SITE:
            return visit.site_url(page.start)
        if visit.connection is not None:
            return visit.url(page.start)
        return f"{joined('c', visit.connections[0].id)}{page.start}" if visit.connections else ""


def _address(visit: Visit) -> str:
    query = urlencode([(name, one) for name, values in visit.request.query.values.items() for one in values])
    path = quote(f"{BASE}{visit.request.path}", safe="/%:@")
    return f"{path}?{query}" if query else path


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def static_name(file: str) -> str:
    """The name under which a file of `static` is served: it changes with the content, so that browsers may keep it for
    good."""
    path = STATIC / file
    return f"{path.stem}.{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}{path.suffix}"


@cache
def static_files() -> Mapping[str, Reply]:
    """What is served as it is, by name."""
    return {
        static_name(path.name): Reply(200, path.read_text(encoding="utf-8"), kind, cached=Cached.FOR_GOOD)
        for path in STATIC.iterdir()
        if (kind := _TYPES.get(path.suffix))
    }
