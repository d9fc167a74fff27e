"""One record that needs a person: both values, the next step, and the choices there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tieout.console import links
from tieout.console.desk import Desk
from tieout.console.explaining import told
from tieout.console.language import message
from tieout.console.pages.attention import LONGEST_NOTE, TOO_LONG
from tieout.console.routing import Page, changes, shows
from tieout.console.visit import Visit
from tieout.console.web import BadRequest, NotFound, Reply
from tieout.console.words import CALLED, SYSTEMS
from tieout.domain.attention import AttentionCode
from tieout.domain.attention_later import code_of
from tieout.domain.conflict import Side
from tieout.domain.customer import Candidate
from tieout.domain.errors import NotReadyYet
from tieout.domain.hint import Cause
from tieout.domain.record import Kind, RecordKey, SyncRecord, own_hint_object
from tieout.ports import Workspace
from tieout.services import decisions, link_by_hand, take_side
from tieout.services.link_by_hand import Linkable, NotSearchable
from tieout.services.steering import known_in_hubspot, send_hints

_TAKEN = message("{system}'s values are taken in a moment.")
_BELONGS = message("It is shown there in a moment.")
_LINKED = message("{name} is remembered, and the invoice is looked at again in a moment.")
_BUSY = message("Tieout is working on this record just now, so nothing was changed. Try again in a few minutes.")
_NO_SUCH_TARGET = message("Tieout knows no such payment or invoice.")
_GONE = message("It is not among what was found; search again.")
_SEARCH_LENGTH = message("Type between 2 and 100 characters.")
# How the services refuse a decision: named here for the catalogue.
REFUSALS = (
    message("These values were changed since you looked at them. Look at both again."),
    message("This record does not need a person."),
    message("Both values are not known yet: retry this invoice, then take a side."),
    message("A side can be taken only of an invoice."),
)


def show(desk: Desk, visit: Visit) -> Reply:
    """The record, from our own store alone."""
    return _page(desk, visit, _record(desk, visit))


def take(desk: Desk, visit: Visit) -> Reply:
    """One side's values are the right ones."""
    record, form = _record(desk, visit), visit.request.form
    try:
        side = Side(form.one("side"))
    except ValueError:
        raise BadRequest("no_such_side") from None
    note = form.one("note")
    if len(note) > LONGEST_NOTE:
        return _page(desk, visit, record, note=note, error=visit.say(TOO_LONG, most=LONGEST_NOTE))

    def decide() -> None:
        take_side.take(desk.records, desk.clock, record.key, side, note, visit.actor, visit.trace_id, form.one("seen"))

    return _decided(desk, visit, record, decide, visit.say(_TAKEN, system=visit.say(SYSTEMS[side.value])), note=note)


def belong(desk: Desk, visit: Visit) -> Reply:
    """What a refund that was entered in QuickBooks gives back."""
    record, form = _record(desk, visit), visit.request.form
    kind, id_ = form.one("what"), form.one("id")
    target = _target(desk, visit, kind, id_)
    if target is None:
        return _page(desk, visit, record, what=kind, id=id_, id_error=visit.say(_NO_SUCH_TARGET))

    def decide() -> None:
        decisions.confirm_refund(desk.records, desk.clock, record.key, target, visit.actor, visit.trace_id)

    return _decided(desk, visit, record, decide, visit.say(_BELONGS), what=kind, id=id_)


def linkables(desk: Desk, visit: Visit) -> Reply:
    """The invoice's customer and products with what stands for each in the other system. The vendors are asked."""
    return _links(desk, visit, _record(desk, visit), "", "")


def search(desk: Desk, visit: Visit) -> Reply:
    """The same, with what a search in the other system finds. A form, because names do not belong into addresses."""
    form = visit.request.form
    return _links(desk, visit, _record(desk, visit), form.one("of"), form.one("q"))


def _links(desk: Desk, visit: Visit, record: SyncRecord, of: str, text: str, problem: str = "") -> Reply:
    workspace = desk.workspace(visit.here.id)
    found = _linkables(desk, workspace, record)
    chosen = _named(found, of)
    candidates, error = _searched(visit, workspace, chosen, text)
    return visit.draw(
        "link.html",
        status=422 if error or problem else 200,
        problem=problem,
        record=record,
        linkables=found,
        chosen=chosen,
        of_chosen=of,
        q=text,
        error=error,
        candidates=candidates,
        other=SYSTEMS["hubspot" if record.key.origin_system == "quickbooks" else "quickbooks"],
        back_url=links.decide_url(visit, record.key),
        search_url=links.decide_url(visit, record.key, "/search"),
        link_url=links.decide_url(visit, record.key, "/link"),
    )


def link(desk: Desk, visit: Visit) -> Reply:
    """Remember which one it is. What was chosen is searched for again, so that a form can name only what is there."""
    record, form = _record(desk, visit), visit.request.form
    workspace = desk.workspace(visit.here.id)
    one = _named(_linkables(desk, workspace, record), form.one("of"))
    of, text = form.one("of"), form.one("q")
    candidates, _ = _searched(visit, workspace, one, text)
    candidate = next((found for found in candidates if found.id == form.one("id")), None)
    if one is None or candidate is None:
        return _links(desk, visit, record, of, text, visit.say(_GONE))
    try:
        link_by_hand.link(desk.records, desk.clock, one, candidate, visit.actor, visit.trace_id)
    except NotReadyYet:
        return _links(desk, visit, record, of, text, visit.say(_BUSY))
    decisions.retry(desk.records, desk.hints, desk.clock, [record.key], visit.actor, visit.trace_id)
    return visit.back(links.decide_url(visit, record.key), visit.say(_LINKED, name=candidate.name))


def _page(desk: Desk, visit: Visit, record: SyncRecord, **typed: str) -> Reply:
    workspace = desk.workspace(visit.here.id)
    key, link = record.key, record.link
    mirrored = key.origin_system == "quickbooks"
    is_invoice = key.kind is Kind.INVOICE
    hubspot_id = link.far_id if mirrored and link else (None if mirrored else key.origin_id)
    far_id = key.origin_id if mirrored else (link.far_id if link else None)
    code = code_of(record.reason)
    return visit.draw(
        "decide.html",
        status=422 if typed.get("error") or typed.get("id_error") else 200,
        record=record,
        called=CALLED[key.kind],
        explanation=told(visit.language, record),
        conflict=take_side.choices(record) or record.conflict,
        sides=record.conflict.sides if take_side.choices(record) and record.conflict else (),
        systems=SYSTEMS,
        hubspot_url=links.hubspot_url(visit, key.kind, hubspot_id),
        quickbooks_url=links.quickbooks_invoice_url(workspace, far_id) if is_invoice else "",
        is_refund=code is AttentionCode.REFUND_IN_QUICKBOOKS,
        can_link=is_invoice,
        here=links.decide_url(visit, key),
        name=f"{key.kind}/{key.origin_system}/{key.origin_id}",
        longest_note=LONGEST_NOTE,
        typed={"note": "", "error": "", "what": "payment", "id": "", "id_error": "", **typed},
    )


def _decided(
    desk: Desk, visit: Visit, record: SyncRecord, decide: Callable[[], None], said: str, **typed: str
) -> Reply:
    """Back to the record; what cannot be decided is told there."""
    try:
        decide()
    except NotReadyYet:
        return _page(desk, visit, record, error=visit.say(_BUSY), **typed)
    except decisions.NothingToResolve as refused:
        return _page(desk, visit, record, error=visit.say(str(refused)), **typed)
    send_hints(desk.hints, desk.clock, [record.key], Cause.RETRY, visit.trace_id)
    return visit.back(links.decide_url(visit, record.key), said)


def _target(desk: Desk, visit: Visit, kind: str, id_: str) -> str | None:
    """What a refund may give back, as `decisions.confirm_refund` takes it; None when Tieout knows no such one."""
    if kind not in ("payment", "invoice"):
        raise BadRequest("no_such_kind")
    there = id_.isascii() and id_.isdecimal() and known_in_hubspot(desk.records, visit.here.id, Kind(kind), id_)
    return f"{kind}:{id_}" if there else None


def _linkables(desk: Desk, workspace: Workspace, record: SyncRecord) -> Sequence[Linkable]:
    if record.key.kind is not Kind.INVOICE:
        raise NotFound
    return link_by_hand.linkables(workspace, desk.records, record.key)


def _named(found: Sequence[Linkable], name: str) -> Linkable | None:
    return next((one for one in found if f"{one.key.kind}/{one.key.origin_id}" == name), None)


def _searched(visit: Visit, workspace: Workspace, one: Linkable | None, text: str) -> tuple[Sequence[Candidate], str]:
    if one is None:
        return (), ""
    try:
        return link_by_hand.search(workspace, one.key, text), ""
    except NotSearchable:
        return (), visit.say(_SEARCH_LENGTH)


def _record(desk: Desk, visit: Visit) -> SyncRecord:
    """The record that the address names. Raises NotFound for what people do not decide about."""
    values = visit.values
    try:
        key = RecordKey(visit.here.id, Kind(values["kind"]), values["system"], values["id"])
    except ValueError:
        raise NotFound from None
    found = desk.records.get(key) if own_hint_object(key) is not None else None
    if found is None:
        raise NotFound
    return found


_PATH = "/attention/{kind}/{system}/{id}"
PAGE = Page(
    "decide",
    (
        shows(_PATH, show),
        changes(f"{_PATH}/take", take),
        changes(f"{_PATH}/belong", belong),
        shows(f"{_PATH}/link", linkables),
        changes(f"{_PATH}/search", search),
        changes(f"{_PATH}/link", link),
    ),
)
