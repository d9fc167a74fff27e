"""What a QuickBooks invoice means for HubSpot, where it is shown as a non-billable invoice with the same figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tieout.domain.attention import AttentionCode
from tieout.domain.company import LedgerCompany
from tieout.domain.conflict import Decision, Side, taken
from tieout.domain.invoice import ContentLine, InvoiceContent, InvoiceStatus, LedgerInvoice, line_amount
from tieout.domain.marker import marked_origin
from tieout.domain.mirrored_invoice import Mirror, MirrorContent, MirrorLine, StandingMirror, SyncedInvoice
from tieout.domain.money import Money, minor_unit, round_to_minor_unit
from tieout.domain.planning.mirror_choice import carried_back, deleted_here, edited_here, gone_there
from tieout.domain.planning.mirror_edits import Edit, edits, says, unlike
from tieout.domain.planning.plan import Attend, Change, Nothing, Skip
from tieout.domain.record import Kind, Link
from tieout.domain.settings import DeletedInQuickBooks, Settings, VoidedInQuickBooks

PULL_SWITCHED_OFF = Skip("switched_off", "Taking invoices over from QuickBooks is switched off in the settings.")
OURS = Skip("posted_by_tieout", "Tieout itself made it for a HubSpot invoice; it is looked at with that one.")
DATA_SYNC = "data_sync"
_DELETED = Skip("deleted", "The invoice was deleted in QuickBooks.")
_VOIDED = Skip("voided", "The invoice was voided in QuickBooks before it reached HubSpot.")
_NONE = Decimal(0)
# What a line of a discount bears instead of an item's id.
_DISCOUNT = "discount"


@dataclass(frozen=True, slots=True)
class Parties:
    """The HubSpot company and contact that stand for a QuickBooks customer."""

    company_id: str | None = None
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceCase:
    """One QuickBooks invoice to plan.

    `source` None: deleted there. `standing` is the mirror as it stands in HubSpot (None: deleted, or there never was
    one). `parties` and `products` (HubSpot product by QuickBooks item) are what was found; `synced` are invoices of the
    same number that HubSpot's own data sync brought. `by_person`: somebody asked for it (a retry). `decision`: which
    side's values a person took. `company` is QuickBooks', None while nothing can be written there. `taken_in`: a
    back-fill took it in, whatever its date. `chosen`: the HubSpot company that a person said stands for its customer,
    where somebody asked.
    """

    connection: str
    source: LedgerInvoice | None
    link: Link | None = None
    standing: StandingMirror | None = None
    parties: Parties = Parties()
    products: Mapping[str, str] = field(default_factory=dict)
    synced: Sequence[SyncedInvoice] = ()
    by_person: bool = False
    decision: Decision | None = None
    company: LedgerCompany | None = None
    taken_in: bool = False
    chosen: str | None = None


@dataclass(frozen=True, slots=True)
class CreateMirror:
    """Nothing stands in HubSpot: write `content`. `again`: a mirror was deleted there, and a person wants it back."""

    content: MirrorContent
    again: bool = False


@dataclass(frozen=True, slots=True)
class FillMirror:
    """`standing` is to say `content`, whatever of it stands there already."""

    standing: StandingMirror
    content: MirrorContent


@dataclass(frozen=True, slots=True)
class AdoptMirror:
    """HubSpot's own data sync brought it: remember which one it is, write nothing of its document."""

    far_id: str


@dataclass(frozen=True, slots=True)
class NoteMirror:
    """`content` stands in HubSpot already, by a person's hand: remember that."""

    content: MirrorContent


@dataclass(frozen=True, slots=True)
class CarryBack:
    """A person took HubSpot's values: make `present`, which stands in QuickBooks, say `content`."""

    present: LedgerInvoice
    content: InvoiceContent
    changes: tuple[Change, ...]


MirrorStep = CreateMirror | FillMirror
InvoiceMirrorPlan = MirrorStep | CarryBack | AdoptMirror | NoteMirror | Nothing | Skip | Attend


def plan_invoice_mirror(case: InvoiceCase, settings: Settings) -> InvoiceMirrorPlan:
    """What to do about one invoice. Depends on nothing but its arguments."""
    if case.link is None:
        return _screened(case, settings) or _new(case, settings, again=False)
    if not settings.pull_invoices:
        return PULL_SWITCHED_OFF
    mirror = case.link.mirror
    if mirror is None:
        return _of_data_sync(case)
    gone = _gone_on_both_sides(case, mirror)
    if gone is not None:
        return gone
    wanted = _wanted(case, mirror, settings)
    if not isinstance(wanted, MirrorContent):
        return wanted
    if case.standing is None:
        return _deleted_there(case, settings, wanted)
    return _compared(case.standing, mirror, wanted, case, settings)


def _gone_on_both_sides(case: InvoiceCase, mirror: Mirror) -> InvoiceMirrorPlan | None:
    """What counts no longer in QuickBooks, and in HubSpot neither, is nobody's business any more, whoever saw to it."""
    if case.source is not None and not case.source.voided:
        return None
    if case.standing is None:
        return Skip("deleted", "The invoice counts no longer in QuickBooks, and was deleted in HubSpot.")
    if case.standing.unreadable or case.standing.status is not InvoiceStatus.VOIDED:
        return None
    voided = replace(mirror.sent, status=InvoiceStatus.VOIDED)
    return Nothing() if mirror.complete and mirror.sent == voided else NoteMirror(voided)


def _screened(case: InvoiceCase, settings: Settings) -> Skip | None:
    """Why an invoice has no mirror."""
    source = case.source
    if source is None:
        return _DELETED
    marked = marked_origin(source.private_note, case.connection)
    if marked is not None and marked[0] == Kind.INVOICE:
        return OURS
    if source.voided:
        return _VOIDED
    if not settings.pull_invoices:
        return PULL_SWITCHED_OFF
    before = settings.cutover_date is not None and source.content.invoice_date < settings.cutover_date
    if before and not case.taken_in:
        return Skip("before_cutover", f"The invoice is dated before the cut-over date {settings.cutover_date}.")
    return None


def _new(case: InvoiceCase, settings: Settings, *, again: bool) -> InvoiceMirrorPlan:
    if case.source is None or case.source.voided:
        return _DELETED if case.source is None else _VOIDED
    content = mirror_content(case.source, case.parties, case.products)
    if isinstance(content, Attend):
        return content
    there = [one for one in case.synced if one.number == content.number and one.total == content.total]
    if there and not again:
        first = min(there, key=lambda one: int(one.id))
        if settings.adopt_data_sync_invoices:
            return AdoptMirror(first.id)
        return Skip(DATA_SYNC, f"HubSpot's own data sync brought it as invoice {first.id}.")
    return CreateMirror(content, again=again)


def _of_data_sync(case: InvoiceCase) -> InvoiceMirrorPlan:
    """HubSpot's own data sync looks after the document of an adopted one; Tieout shows the payments on it."""
    if case.source is None:
        return Attend(AttentionCode.DELETED_IN_QUICKBOOKS, "HubSpot's own data sync brought it, and it stands there.")
    return Nothing()


def _wanted(case: InvoiceCase, mirror: Mirror, settings: Settings) -> MirrorContent | Nothing | Skip | Attend:
    """What should stand in HubSpot. Voids and deletions leave the figures as they were."""
    source = case.source
    if source is not None and not source.voided:
        content = mirror_content(source, case.parties, case.products)
        return _with_parties(content, mirror.sent, case.chosen) if isinstance(content, MirrorContent) else content
    voided = replace(mirror.sent, status=InvoiceStatus.VOIDED)
    if mirror.sent.status is InvoiceStatus.VOIDED:
        return voided
    told = f"HubSpot shows {mirror.sent.total}, {mirror.sent.status}."
    edited = (
        None if case.standing is None else edited_here(_edits(case.standing, mirror, voided), voided, case.standing)
    )
    conflict = gone_there(mirror.sent, "deleted" if source is None else "voided", edited)
    if taken(case.decision, conflict) is Side.QUICKBOOKS:
        return voided
    if source is None:
        match settings.deleted_in_quickbooks:
            case DeletedInQuickBooks.VOID:
                return voided
            case DeletedInQuickBooks.IGNORE:
                return Skip("deleted", "The invoice was deleted in QuickBooks and is left as it is in HubSpot.")
            case DeletedInQuickBooks.ATTENTION:
                return Attend(AttentionCode.DELETED_IN_QUICKBOOKS, told, conflict)
    if settings.voided_in_quickbooks is VoidedInQuickBooks.VOID:
        return voided
    return Attend(AttentionCode.VOIDED_IN_QUICKBOOKS, told, conflict)


def _with_parties(content: MirrorContent, sent: MirrorContent, chosen: str | None) -> MirrorContent:
    """As long as the customer is the same, the records that were found for it stay, unless a person chose another
    company."""
    if content.customer_id != sent.customer_id:
        return content
    return replace(content, company_id=chosen or sent.company_id, contact_id=sent.contact_id)


def _deleted_there(case: InvoiceCase, settings: Settings, wanted: MirrorContent) -> InvoiceMirrorPlan:
    conflict = deleted_here(wanted)
    if case.by_person or taken(case.decision, conflict) is Side.QUICKBOOKS:
        return _new(case, settings, again=True)
    return Attend(AttentionCode.DELETED_IN_HUBSPOT, f"QuickBooks has {wanted.total}, {wanted.status}.", conflict)


def _compared(
    standing: StandingMirror, mirror: Mirror, wanted: MirrorContent, case: InvoiceCase, settings: Settings
) -> InvoiceMirrorPlan:
    if standing.unreadable:
        return Attend(AttentionCode.REFUSED_BY_HUBSPOT, standing.unreadable)
    same_parties = (mirror.sent.customer_id, mirror.sent.company_id) == (wanted.customer_id, wanted.company_id)
    if mirror.complete and same_parties and says(standing, wanted):
        return Nothing() if mirror.sent == wanted else NoteMirror(wanted)
    found = _edits(standing, mirror, wanted)
    source = case.source if case.source is not None and not case.source.voided else None
    # What a person decided is written to QuickBooks no more than anything else while nothing is sent there.
    company = case.company if source is not None and settings.push_invoices else None
    conflict = edited_here(found, wanted, standing, company)
    if conflict is None:
        return FillMirror(standing, wanted)
    match taken(case.decision, conflict):
        case Side.QUICKBOOKS:
            return FillMirror(standing, wanted)
        case Side.HUBSPOT if source is not None and company is not None:
            carried = carried_back(source, standing, [one.field for one in found], company)
            return carried if isinstance(carried, Attend) else CarryBack(source, *carried)
    changes = [one.change for one in found]
    told = "; ".join(f"{one.field}: HubSpot has {one.after or '(empty)'}, {one.before}" for one in changes)
    detail = f"{told}. QuickBooks has {wanted.total}, {wanted.status}."
    return Attend(AttentionCode.EDITED_IN_HUBSPOT, detail, conflict)


def _edits(standing: StandingMirror, mirror: Mirror, wanted: MirrorContent) -> list[Edit]:
    """What a person changed. What they entered and QuickBooks says, too, is no conflict."""
    disagreed = unlike(standing, wanted)
    return [one for one in edits(standing, mirror) if one.field in disagreed]


# -- the content


def mirror_content(source: LedgerInvoice, parties: Parties, products: Mapping[str, str]) -> MirrorContent | Attend:
    """The invoice in HubSpot's form: what QuickBooks takes off (discounts, negative lines) is one discount, its sales
    tax one tax. Attention where lines, discount and tax do not come to QuickBooks' own total."""
    content, currency = source.content, source.content.currency
    lines = tuple(_lines(source, products))
    taken_off = content.discount - sum((one.amount for one in content.lines if one.amount < 0), _NONE)
    discount = round_to_minor_unit(taken_off, currency)
    net = sum((line_amount(one.quantity, one.unit_price, currency) for one in lines), _NONE) - discount
    tax = source.tax if source.tax is not None else _NONE
    if Money(net + tax, currency) != source.total or tax < 0:
        parts = f"lines less discounts {Money(net, currency)}, tax {Money(tax, currency)}"
        return Attend(AttentionCode.TOTAL_DIFFERS, f"QuickBooks' total is {source.total}; {parts}.")
    return MirrorContent(
        number=content.number,
        status=_status(source),
        currency=currency,
        invoice_date=content.invoice_date,
        due_date=content.due_date or content.invoice_date,
        total=source.total,
        lines=lines,
        discount=discount,
        tax=round_to_minor_unit(tax, currency),
        memo=content.memo,
        customer_id=content.customer_id,
        company_id=parties.company_id,
        contact_id=parties.contact_id,
    )


def _status(source: LedgerInvoice) -> InvoiceStatus:
    """A void has a balance of nothing, too, and so has an invoice over nothing."""
    if source.voided:
        return InvoiceStatus.VOIDED
    paid = source.total.amount > 0 and source.balance.amount == 0
    return InvoiceStatus.PAID if paid else InvoiceStatus.OPEN


def _lines(source: LedgerInvoice, products: Mapping[str, str]) -> Iterator[MirrorLine]:
    currency = source.content.currency
    for line in source.content.lines:
        if line.amount < 0 or (line.item_id == _DISCOUNT and not line.amount):
            continue
        name = source.item_names.get(line.item_id) or _first_line(line.description) or "Line"
        quantity, price = _quantity(line, currency)
        own = line.item_id if line.item_id.isdigit() else None
        yield MirrorLine(name, quantity, price, line.description, own, products.get(line.item_id))


def _first_line(text: str | None) -> str:
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), "")


def _quantity(line: ContentLine, currency: str) -> tuple[Decimal, Decimal]:
    """Quantity and price as they stand, where they come to the amount and HubSpot takes them; else once the amount."""
    quantity, price = line.quantity, line.unit_price
    fits = quantity is not None and price is not None and quantity > 0 and price >= 0
    if fits and quantity is not None and price is not None:
        # Money is exact in both systems; what is written with more decimals than HubSpot keeps would not be.
        short = all(_decimals(number) <= _MOST_DECIMALS for number in (quantity, price))
        clear = not _halfway(quantity * price, currency)
        if short and clear and line_amount(quantity, price, currency) == line.amount:
            return quantity, price
    return Decimal(1), line.amount


def _halfway(amount: Decimal, currency: str) -> bool:
    """Whether it lies just between two amounts: which of them HubSpot takes is not documented."""
    unit = minor_unit(currency)
    return amount % unit * 2 == unit


_MOST_DECIMALS = 6


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def items_of(sources: Iterable[LedgerInvoice]) -> frozenset[str]:
    """The QuickBooks items of these invoices' lines."""
    return frozenset(line.item_id for one in sources for line in one.content.lines if line.item_id.isdigit())
