"""Overview: how many records are how, how it was in the last days, and whether everything runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from tieout.console.chart import Drawn, bars
from tieout.console.desk import Desk
from tieout.console.language import message
from tieout.console.routing import Page, shows
from tieout.console.visit import Visit
from tieout.console.web import Reply
from tieout.console.words import FLOWS, HEALTHS, TONES, WORKERS
from tieout.domain.errors import StoreUnavailable
from tieout.domain.metering import READS_A_MONTH
from tieout.domain.register import FLOWS as FLOWS_OF
from tieout.domain.register import SMALL, Flow, Health
from tieout.ports.queues import QueueDepth
from tieout.services import watching
from tieout.services.overview import Day, overview

_STEADY = ((Health.IN_SYNC, 1), (Health.EXCLUDED, 5), (Health.VOIDED, 3))
_UNSTEADY = ((Health.VARIANCE, 3), (Health.WAITING, 2), (Health.ATTENTION, 4))


def show(desk: Desk, visit: Visit) -> Reply:
    """The page."""
    found = overview(desk.registers, desk.health, visit.here.id, visit.now)
    watched = watching.watch(desk, visit.here.id)
    depths = _depths(desk)
    everything = watching.reads_of(desk, None)
    lag = None if depths is None else watching.lag(depths)
    return visit.draw(
        "overview.html",
        overview=found,
        healths=HEALTHS,
        flows=FLOWS,
        register_of=_register,
        tones=TONES,
        small=SMALL,
        attention=found.of(Health.ATTENTION),
        drawn=[
            _drawn(visit, "unsteady", message("Not quite, or not yet, in sync"), found.days, _UNSTEADY),
            _drawn(visit, "steady", message("In sync, excluded and voided"), found.days, _STEADY),
        ],
        watched=watched,
        ended=not watched.connected,
        days_left=None if watched.ends is None else max(0, (watched.ends - visit.now) // timedelta(days=1)),
        ends_soon=watched.ends is not None and watched.ends - visit.now < watching.SIGN_IN_ENDS_SOON,
        late=watched.swept_at is None or visit.now - watched.swept_at > watching.SWEEP_IS_LATE,
        depths=depths,
        workers=WORKERS,
        lag=None if lag is None else max(lag, watched.overdue),
        dead=None if depths is None else sum(one.dead for one in depths),
        reads=everything,
        included=READS_A_MONTH,
        many_reads=everything.projected * 5 >= READS_A_MONTH * 4,
        several=len(visit.connections) > 1,
    )


def _depths(desk: Desk) -> Sequence[QueueDepth] | None:
    """None when SQS does not answer: the rest of the page is worth showing."""
    try:
        return desk.queues.depths()
    except StoreUnavailable:
        return None


def _register(flow: Flow) -> str:
    return next(register.value for register, flows in FLOWS_OF.items() if flow in flows)


def _drawn(visit: Visit, name: str, title: str, days: Sequence[Day], series: Sequence[tuple[Health, int]]) -> Drawn:
    key = [(colour, visit.say(HEALTHS[health])) for health, colour in series]
    told = [(_label(visit, one), *_told(visit, one, series)) for one in days]
    return Drawn(
        name,
        visit.say(title),
        key,
        bars(told, [colour for _, colour in series]),
        visit.say("A bar for each of the last 30 days. The table below has the same figures."),
        visit.say("Nothing was counted yet; the sweep counts every hour."),
    )


def _label(visit: Visit, one: Day) -> str:
    return visit.language.day(one.day).partition(",")[0] if visit.language.code == "en" else f"{one.day:%d/%m}"


def _told(visit: Visit, one: Day, series: Sequence[tuple[Health, int]]) -> tuple[str, list[int] | None]:
    day = visit.language.day(one.day)
    if one.numbers is None:
        return day, None
    numbers = [one.numbers[health] for health, _ in series]
    told = ", ".join(
        f"{visit.say(HEALTHS[health])} {visit.language.number(number)}"
        for (health, _), number in zip(series, numbers, strict=True)
    )
    return f"{day}: {told}", numbers


PAGE = Page("overview", (shows("/overview", show),), message("Overview"), "/overview")
