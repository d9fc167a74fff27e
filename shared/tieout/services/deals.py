"""Invoices on deals: each is associated with the deal that it belongs to, and a deal shows its latest invoice."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tieout.domain.planning.deal import (
    Deal,
    DealInvoice,
    Found,
    Several,
    Traces,
    find_deal,
    marks_of,
    names_a_deal,
)
from tieout.domain.settings import DealMode
from tieout.ports import Workspace
from tieout.ports.notices import Notice, Notices
from tieout.services.claims import Claims
from tieout.services.deal_figures import DealFigures, Moved

AMBIGUOUS = "deals_ambiguous"
"""The notice that several deals came into question."""


@dataclass(frozen=True, slots=True)
class SettledInvoice:
    """An invoice that stands on both sides. `id` is HubSpot's; `shown` what its deals show; `known` what `follow` gave
    for it the last time. `traces` tell where it belongs when it has no deal, None: nothing is looked for then.
    `company_id` is HubSpot's, "" without a company. `estimates` are the ledger's ids of those that it was made from;
    `anew`: they are read although nothing changed, because a person asked."""

    id: str
    shown: DealInvoice
    known: str = ""
    company_id: str = ""
    traces: Traces | None = None
    estimates: tuple[str, ...] = ()
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of invoices, by HubSpot id: `states` is what is to be remembered as `known` of each. `busy` are those
    with a deal that another worker holds, which have to come again; `refused` those with a deal that HubSpot would not
    change."""

    states: Mapping[str, str]
    busy: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Deals:
    """Brings invoices onto their deals. Of the ledger only estimates are read, of invoices that name no deal."""

    claims: Claims
    notices: Notices

    def follow(self, workspace: Workspace, settled: Sequence[SettledInvoice], trace_id: str) -> Followed:
        """Associate and show these invoices, in grouped calls; nothing is written when nothing changed. Raises any
        SyncError that stopped all of them."""
        if not settled or workspace.settings.deals is DealMode.OFF:
            return Followed({})
        deals = dict(workspace.crm.deals_of("invoices", [one.id for one in settled]))
        if workspace.settings.deals is DealMode.ASSOCIATE:
            deals |= self._associated(workspace, [one for one in settled if one.traces and not deals.get(one.id)])
        states = {one.id: _state(one, deals.get(one.id, ())) for one in settled}
        changed = [one for one in settled if states[one.id] != one.known]
        left = {one.id: _deals_in(one.known) - set(deals.get(one.id, ())) for one in changed}
        by_deal: dict[str, list[Moved]] = {}
        for one in changed:
            for deal_id in (*deals.get(one.id, ()), *left[one.id]):
                by_deal.setdefault(deal_id, []).append(Moved(one.shown, deal_id in left[one.id]))
        busy, refused = self._figures.show(workspace, by_deal, trace_id)

        def with_one_of(some: Collection[str]) -> frozenset[str]:
            return frozenset(
                one.id for one in changed if not set(some).isdisjoint({*deals.get(one.id, ()), *left[one.id]})
            )

        return Followed(states, with_one_of(busy), with_one_of(refused))

    # -- finding

    def _associated(self, workspace: Workspace, lone: Sequence[SettledInvoice]) -> dict[str, tuple[str, ...]]:
        """The deals that these invoices without one belong to, once they are associated with them."""
        if not lone:
            return {}
        crm, settings = workspace.crm, workspace.settings
        order, window = settings.deal_order_property, timedelta(days=settings.deal_window_days)
        companies = {one.company_id for one in lone if one.company_id}
        of_companies = crm.deals_of("companies", companies) if companies else {}
        traces = {one.id: one.traces for one in lone if one.traces}
        ids = {id_ for some in of_companies.values() for id_ in some}
        known = crm.deals(ids, order) if ids else {}
        named = self._named(workspace, traces.values())
        traces |= self._of_estimates(workspace, [one for one in lone if not names_a_deal(traces[one.id], named)])
        named += self._named(workspace, [trace for trace in traces.values() if trace.of_estimates])
        found: dict[str, str] = {}
        for one in lone:
            own = [known[id_] for id_ in of_companies.get(one.company_id, ()) if id_ in known]
            match find_deal(traces[one.id], _once(named), own, window):
                case Found(deal_id):
                    found[one.id] = deal_id
                case Several() as several:
                    self._tell(workspace, one, several)
        refused = crm.associate_deals(found) if found else {}
        for id_, text in refused.items():
            self._figures.note(workspace, f"HubSpot invoice {id_} with deal {found[id_]}: {text}")
        return {id_: (deal_id,) for id_, deal_id in found.items() if id_ not in refused}

    def _named(self, workspace: Workspace, traces: Iterable[Traces]) -> list[Deal]:
        """The deals that exist among those that these traces name, by id or by order number."""
        order = workspace.settings.deal_order_property
        texts = {text for one in traces for text in one.texts}
        ids = {text for text in texts if text.isascii() and text.isdecimal()}
        named = list(workspace.crm.deals(ids, order).values()) if ids else []
        if order and texts:
            named += workspace.crm.deals_by_order(order, texts)
        return named

    def _of_estimates(self, workspace: Workspace, unnamed: Sequence[SettledInvoice]) -> dict[str, Traces]:
        """The traces with what the estimates of these invoices say, in one metered read for all of them. What was found
        to have no deal as it is now is not asked again."""
        asked = [one for one in unnamed if one.estimates and (one.anew or one.known != _state(one, ()))]
        if not asked:
            return {}
        read = workspace.ledger.estimates({id_ for one in asked for id_ in one.estimates})
        field, connection = workspace.settings.deal_field, workspace.connection.id

        def marks(one: SettledInvoice) -> tuple[str, ...]:
            return marks_of([read[id_] for id_ in one.estimates if id_ in read], field, connection)

        return {one.id: replace(one.traces, of_estimates=marks(one)) for one in asked if one.traces is not None}

    def _tell(self, workspace: Workspace, one: SettledInvoice, several: Several) -> None:
        if not workspace.settings.tell_ambiguous_deals:
            return
        which = ", ".join(several.deal_ids[:10])
        detail = f"HubSpot invoice {one.id}: the deals {which} come into question ({several.rule})."
        self.notices.save(workspace.connection.id, AMBIGUOUS, Notice(detail, self.claims.clock.now()))

    @property
    def _figures(self) -> DealFigures:
        return DealFigures(self.claims, self.notices)


def _state(one: SettledInvoice, deal_ids: Sequence[str]) -> str:
    # A version that looks the same is the latest all the same.
    looks = (one.shown.fingerprint, *sorted(deal_ids)) if deal_ids else ("none",)
    parts = (*looks, str(one.shown.updated_at))
    # The deals themselves, because HubSpot does not say of a deleted invoice which they were.
    return ":".join((hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16], *sorted(deal_ids)))


def _deals_in(known: str) -> set[str]:
    """The deals in a state that was remembered."""
    return set(known.split(":")[1:])


def _once(deals: Sequence[Deal]) -> list[Deal]:
    return list({deal.id: deal for deal in deals}.values())
