"""What payment processors charged, month by month: the kept report, checked anew or booked on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tieout.console.chart import Chart, Drawn, bars
from tieout.console.desk import Desk
from tieout.console.language import Language, message
from tieout.console.routing import Page, changes, shows
from tieout.console.visit import Visit
from tieout.console.web import NotFound, Reply, redirect
from tieout.console.words import SOURCES
from tieout.domain.fee import Period
from tieout.domain.money import Money
from tieout.domain.planning.fees import Composition, Oddity
from tieout.domain.settings import FeeBooking
from tieout.services.fee_months import NotBookable
from tieout.services.keeping_fees import TYPES, file_name

_MONTHS, _MOST_FINDINGS = 13, 200
# The HTTP API waits 30 seconds for an answer, and what is begun has to be finished.
_TIME_TO_BOOK = timedelta(seconds=15)
_PROCESSING, _PLATFORM = 1, 2
_CHECKED = message("{month} was read anew from HubSpot.")
_BOOKED = message("The fees of {month} are booked.")
_NOTHING_TO_BOOK = message("{month} has no fees to book.")
_NOT_ALL_BOOKED = message("Not everything of {month} is booked; what stands in the way is shown below.")
_REPORT_ONLY = message("By the settings fees are only reported: fee_booking is report_only.")
_COMPOSITIONS = {
    Composition.APART.value: message("HubSpot tells the processing fee and the platform fee apart from each other."),
    Composition.INCLUDED.value: message(
        "HubSpot's processing fee includes the platform fee, which is taken out of it here."
    ),
    Composition.NO_PLATFORM_FEE.value: message("HubSpot tells of no platform fee."),
    Composition.AMBIGUOUS.value: message(
        "It cannot be told whether HubSpot's processing fee includes the platform fee, so nothing is booked."
    ),
}
_FINDINGS = {
    Oddity.FEE_MISSING.value: message("The fee is not known"),
    Oddity.NET_DIFFERS.value: message("The net amount differs"),
    Oddity.RATE_UNUSUAL.value: message("The rate is unusual"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """The sums of one processor in one currency."""

    processor: str
    payments: int
    unknown: int
    gross: Money
    processing: Money
    platform: Money
    refunds: Money
    net: Money
    rate: Decimal | None


@dataclass(frozen=True, slots=True)
class Posted:
    """A document of the fees in QuickBooks. `amount` is less than nothing where fees were given back."""

    processor: str
    document: str
    number: str
    day: date
    amount: Money


def show(desk: Desk, visit: Visit) -> Reply:
    """The report of a month as it was kept last. Nobody is asked."""
    month = _month(visit)
    kept = desk.fees.kept(visit.here.id, month)
    settings = desk.connections.settings(visit.here.id)
    return visit.draw(
        "fees.html",
        month=month,
        months=_months(visit),
        kept=kept,
        rows=[_row(one) for one in kept["totals"]] if kept else [],
        charts=_charts(visit.language, month, kept) if kept else [],
        posted=[one for booked in kept["booked"] for one in _posted(booked)] if kept else [],
        problems=[
            (SOURCES.get(one["processor"], one["processor"]), one["currency"], one["problem"])
            for one in (kept["booked"] if kept else [])
            if one["problem"]
        ],
        findings=[
            (one["payment"], _FINDINGS.get(one["finding"], one["finding"]), one["detail"])
            for one in (kept["findings"][:_MOST_FINDINGS] if kept else [])
        ],
        found_more=kept is not None and len(kept["findings"]) > _MOST_FINDINGS,
        composition=_COMPOSITIONS.get(kept["composition"], "") if kept else "",
        ambiguous=kept is not None and kept["composition"] == Composition.AMBIGUOUS.value,
        made_at=datetime.fromisoformat(kept["at"]) if kept else visit.now,
        books=settings.fee_booking is not FeeBooking.REPORT_ONLY,
        report_only=_REPORT_ONLY,
        forms=TYPES,
    )


def check(desk: Desk, visit: Visit) -> Reply:
    """Read the month anew."""
    month = _month(visit)
    desk.fees.check(desk.workspace(visit.here.id), month, visit.actor, visit.trace_id)
    return visit.back(_url(visit, month), visit.say(_CHECKED, month=_name(visit.language, month)))


def book(desk: Desk, visit: Visit) -> Reply:
    """Book the month."""
    month = _month(visit)
    named = _name(visit.language, month)
    workspace, deadline = desk.workspace(visit.here.id), desk.clock.now() + _TIME_TO_BOOK
    try:
        booked = desk.fees.book(workspace, month, visit.actor, visit.trace_id, deadline)
    except NotBookable:
        return visit.back(_url(visit, month), visit.say(_REPORT_ONLY), "warning")
    if not booked:
        return visit.back(_url(visit, month), visit.say(_NOTHING_TO_BOOK, month=named), "warning")
    whole = all(one.as_it_should for one in booked)
    text, tone = (_BOOKED, "ok") if whole else (_NOT_ALL_BOOKED, "warning")
    return visit.back(_url(visit, month), visit.say(text, month=named), tone)


def download(desk: Desk, visit: Visit) -> Reply:
    """The kept report as a file."""
    month, form = _month(visit), visit.values["form"]
    text = desk.fees.file(visit.here.id, month, form) if form in TYPES else None
    if text is None:
        raise NotFound
    name = f'attachment; filename="{file_name(month, form)}"'
    return Reply(200, text.encode(), TYPES[form], {"Content-Disposition": name})


def newest(_desk: Desk, visit: Visit) -> Reply:
    """The month that ended last."""
    return redirect(_url(visit, _months(visit)[1]))


def _month(visit: Visit) -> Period:
    try:
        found = Period.parse(visit.values["month"])
    except ValueError:
        raise NotFound from None
    if not found.is_month or found.first > visit.now.date():
        raise NotFound
    return found


def _months(visit: Visit) -> Sequence[Period]:
    """The running month and those before, newest first."""
    found = [Period.month(visit.now.astimezone(visit.zone).date())]
    while len(found) < _MONTHS:
        found.append(Period.month(found[-1].first - timedelta(days=1)))
    return found


def _url(visit: Visit, month: Period) -> str:
    return visit.url(f"/fees/{month}")


def _name(language: Language, month: Period) -> str:
    return language.month(month.first)


def _row(told: Mapping[str, Any]) -> Row:
    money = _money(told["currency"])
    return Row(
        SOURCES.get(told["processor"], told["processor"]),
        told["payments"],
        told["without_known_fees"],
        money(told["gross"]),
        money(told["processing_fees"]),
        money(told["platform_fees"]),
        money(told["refunds"]),
        money(told["net"]),
        None if told["rate"] is None else Decimal(told["rate"]),
    )


def _posted(booked: Mapping[str, Any]) -> Sequence[Posted]:
    money = _money(booked["currency"])
    processor = SOURCES.get(booked["processor"], booked["processor"])
    return [
        Posted(
            processor,
            _document(entry),
            entry["number"] or entry["quickbooks_id"],
            date.fromisoformat(entry["day"]),
            -money(entry["amount"]) if entry["document"] == "deposit" else money(entry["amount"]),
        )
        for entry in booked["entries"]
    ]


def _document(entry: Mapping[str, Any]) -> str:
    if entry["voided"]:
        return message("Does not count any more")
    if entry["document"] == "deposit":
        return message("Fees given back (deposit)")
    return message("Adjusting expense") if entry["adjusting"] else message("Expense")


def _money(currency: str) -> Callable[[str], Money]:
    return lambda text: Money(Decimal(text), currency)


def _charts(language: Language, month: Period, kept: Mapping[str, Any]) -> list[Drawn]:
    """A chart of each currency: a bar a day, processing and platform fees on each other."""
    currencies = sorted({one["currency"] for one in kept["totals"]})
    return [
        Drawn(
            currency,
            language.say("Fees by day, {currency}", currency=currency),
            [(_PROCESSING, language.say("Processing fees")), (_PLATFORM, language.say("Platform fees"))],
            _chart(language, month, kept["days"], currency),
            language.say("A bar for each day of the month. The download has the same figures."),
            language.say("No fees in this month."),
        )
        for currency in currencies
    ]


def _chart(language: Language, month: Period, days: Mapping[str, Any], currency: str) -> Chart:
    def told(day: date) -> tuple[str, str, Sequence[int]]:
        mine = [one for one in days.get(day.isoformat(), ()) if one["currency"] == currency]
        fees = [sum((Decimal(one[name]) for one in mine), Decimal(0)) for name in ("processing_fees", "platform_fees")]
        total = language.money(Money(sum(fees, Decimal(0)), currency))
        # In hundredths; days on which more was given back than charged have no bar.
        return f"{day.day}", f"{language.day(day)}: {total}", [max(0, int(one * 100)) for one in fees]

    drawn = bars([told(one.first) for one in month.days], (_PROCESSING, _PLATFORM))
    scale = tuple(replace(one, text=language.number(Decimal(one.text) / 100)) for one in drawn.scale)
    return replace(drawn, scale=scale)


_PATH = "/fees/{month}"
PAGE = Page(
    "fees",
    (
        shows("/fees", newest),
        shows(_PATH, show),
        shows(f"{_PATH}/file/{{form}}", download),
        changes(f"{_PATH}/check", check),
        changes(f"{_PATH}/book", book),
    ),
    message("Fees"),
    "/fees",
)
