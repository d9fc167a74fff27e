"""Invoices and payments: paged, filtered by state, and searched by number or customer."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import partial

from tieout.console.desk import Desk
from tieout.console.explaining import unreadable_told
from tieout.console.language import message
from tieout.console.routing import Needs, Page, Route, shows
from tieout.console.visit import Visit
from tieout.console.web import Fields, Reply
from tieout.console.words import CALLED, HEALTHS, SOURCES, STATUSES, TONES
from tieout.domain.record import SyncRecord
from tieout.domain.register import Health, Register, health_of, normalised
from tieout.ports import RecordPage
from tieout.ports.registers import BadPageMark

ROWS = 25
_LONGEST_TEXT = 100
_TITLES = {Register.INVOICES: message("Invoices"), Register.PAYMENTS: message("Payments")}
_FORGED = message("That page is not there any more, so the list begins anew.")
_TOO_LONG = message("Type at most {most} characters.")
_NOTHING = message("Type a number or the beginning of a name.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see. `text` is empty for the whole register; `error` says what is wrong with it."""

    text: str
    health: Health | None
    after: str | None
    error: str = ""


def listed(register: Register, desk: Desk, visit: Visit) -> Reply:
    """A page of the whole register, or of one state. Its mark holds a date and an id, so that it may stand in a URL."""
    asked = Asked("", _health(visit.request.query), _opened(visit.request.query.one("after")))
    try:
        page = desk.registers.newest(visit.here.id, register, asked.health, ROWS, asked.after)
    except BadPageMark:
        url = visit.url(f"/{register.value}", state=asked.health.value if asked.health else None)
        return visit.back(url, visit.say(_FORGED), "warning")
    return _drawn(visit, register, asked, page)


def found(register: Register, desk: Desk, visit: Visit) -> Reply:
    """A page of what a search finds. What is looked for are customers' names, so it comes as a form and never stands in
    a URL, and neither does the mark of its next page."""
    form = visit.request.form
    text, health = form.one("text"), _health(form)
    if not text:
        return visit.back(visit.url(f"/{register.value}", state=health.value if health else None))
    if len(text) > _LONGEST_TEXT or not normalised(text):
        error = visit.say(_TOO_LONG, most=_LONGEST_TEXT) if normalised(text) else visit.say(_NOTHING)
        return _drawn(visit, register, Asked(text, health, None, error), RecordPage((), None), status=422)
    asked = Asked(text, health, _opened(form.one("after")))
    try:
        page = desk.registers.search(visit.here.id, register, text, health, ROWS, asked.after)
    except BadPageMark:
        page = desk.registers.search(visit.here.id, register, text, health, ROWS)
        asked = Asked(text, health, None)
    return _drawn(visit, register, asked, page)


def _drawn(visit: Visit, register: Register, asked: Asked, page: RecordPage, status: int = 200) -> Reply:
    return visit.draw(
        "registers.html",
        status=status,
        register=register.value,
        title=_TITLES[register],
        asked=asked,
        state=asked.health.value if asked.health else "",
        healths=HEALTHS,
        tones=TONES,
        called=CALLED,
        sources=SOURCES,
        statuses=STATUSES,
        rows=[(record, health_of(record.state)) for record in page.readable],
        unreadable=unreadable_told(visit.language, page.unreadable),
        number_of=_number_of,
        next=_sealed(page.next),
    )


def _number_of(record: SyncRecord) -> str:
    """What a person calls it: an invoice's number in HubSpot, else that in QuickBooks; a payment's reference."""
    far = record.link.number if record.link is not None else None
    return record.label or far or record.key.origin_id


def _health(fields: Fields) -> Health | None:
    """What is no state stands for all of them."""
    wanted = fields.one("state")
    return next((health for health in Health if health.value == wanted), None)


def _sealed(mark: str | None) -> str:
    return base64.urlsafe_b64encode(mark.encode()).decode() if mark is not None else ""


def _opened(text: str) -> str | None:
    """A mark; what is none becomes one that no listing gave."""
    if not text:
        return None
    try:
        return base64.urlsafe_b64decode(text.encode()).decode()
    except (binascii.Error, ValueError):
        return text


def _page(register: Register) -> Page:
    path = f"/{register.value}"
    return Page(
        register.value,
        (
            shows(path, partial(listed, register)),
            # Changes nothing: a POST so that names stay out of addresses, histories and logs.
            Route("POST", path, partial(found, register), Needs.VIEWER),
        ),
        _TITLES[register],
        path,
    )


INVOICES, PAYMENTS = _page(Register.INVOICES), _page(Register.PAYMENTS)
