"""What has to be booked so that the books show a period's fees: an expense, what corrects it, what was given back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tieout.domain.account import LedgerAccount, LedgerVendor
from tieout.domain.attention import AttentionCode
from tieout.domain.fee import FeeKind, Period
from tieout.domain.money import Money
from tieout.domain.payment import Document, Processor
from tieout.domain.planning.books import Books
from tieout.domain.planning.fees import Charged, Composition, Evidence, FeeReport
from tieout.domain.planning.payment_plan import Post
from tieout.domain.planning.plan import Attend, Nothing, Skip
from tieout.domain.planning.receipt import Dated, currency_problem, dated
from tieout.domain.posting import AccountLine, Posting, PostingContent
from tieout.domain.record import Kind, RecordKey
from tieout.domain.settings import Settings

CLEARING_TYPES = frozenset({"Bank", "Other Current Asset"})
"""The types of account that an expense is paid from (Intuit: purchase)."""
EXPENSE_TYPES = frozenset({"Expense", "Other Expense", "Cost of Goods Sold"})
"""The types of account that a fee is an expense on."""

_LETTERS = {Processor.HUBSPOT: "FEE", Processor.STRIPE: "STR", Processor.BY_HAND: "MAN"}
_KINDS = {
    FeeKind.PROCESSING: ("processing_fee_account_id", "Processing fees"),
    FeeKind.PLATFORM: ("platform_fee_account_id", "HubSpot platform fees"),
}


@dataclass(frozen=True, slots=True)
class FeeCase:
    """The fees of one processor and currency in one period, and what was booked for them.

    `fees` are the desired totals, `missing` counts payments whose fees are not told yet. `postings` are those of the
    record; `others` those of records of overlapping periods (the days of a month). `accounts` and `vendors` are those
    the settings name, by id; absent: the ledger has none such.
    """

    period: Period
    processor: Processor
    currency: str
    fees: Charged
    evidence: Evidence
    today: date
    missing: int = 0
    postings: tuple[Posting, ...] = ()
    others: tuple[Posting, ...] = ()
    accounts: Mapping[str, LedgerAccount] = field(default_factory=dict)
    vendors: Mapping[str, LedgerVendor] = field(default_factory=dict)


FeePlan = Post | Nothing | Skip | Attend


def fee_key(connection: str, processor: Processor, currency: str, period: Period) -> RecordKey:
    """The record of the fees of one processor and currency in one period."""
    return RecordKey(connection, Kind.FEES, "hubspot", f"{processor.value}:{currency}:{period}")


def groups_of(report: FeeReport, settings: Settings, home: str) -> Sequence[tuple[Processor, str]]:
    """The processors and currencies of the report, and those that may have been in an earlier one: the last payment of
    a currency may go."""
    named = {name.partition(":") for name in (*settings.fee_vendors, *settings.deposit_accounts)}
    currencies = {home, *(one.currency for one in report.totals), *(currency for _, _, currency in named if currency)}
    charging = {Processor(processor) for processor, _, _ in named}
    known = {(processor, currency) for processor in charging for currency in currencies}
    return sorted(known.union((one.processor, one.currency) for one in report.totals))


def desired(report: FeeReport) -> Mapping[tuple[Processor, str], Charged]:
    """The known fees of a report by processor and currency, also where they come to nothing."""
    return {(one.processor, one.currency): one.fees for one in report.totals}


def booked(postings: Iterable[Posting], currency: str) -> Charged:
    """What these documents come to: expenses less deposits of fees given back, without those that do not count."""
    total = Charged.nothing(currency)
    for posting in postings:
        if posting.voided:
            continue
        amounts = {
            kind: sum(
                (one.amount for one in posting.sent.account_lines if one.fee is kind), Money(Decimal(0), currency)
            )
            for kind in FeeKind
        }
        part = Charged(amounts[FeeKind.PROCESSING], amounts[FeeKind.PLATFORM])
        total = total - part if posting.sent.document is Document.DEPOSIT else total + part
    return total


def plan_fees(case: FeeCase, books: Books) -> FeePlan:
    """The next document that brings what was booked to what the fees are, one at a time; `Nothing` once they agree.

    What is more than was booked is an expense from the processor's clearing account, what is less a deposit into it:
    the first expense bears the period's last day, what corrects it the day on which it is made, so that it lies in the
    open period. A foreign document has no exchange rate yet (`receipt.with_rate`).
    """
    if case.evidence.composition is Composition.AMBIGUOUS:
        return Attend(AttentionCode.FEES_AMBIGUOUS, _told(case.evidence))
    before = booked((*case.others, *case.postings), case.currency)
    due = case.fees - before
    parts = {FeeKind.PROCESSING: due.processing, FeeKind.PLATFORM: due.platform}
    more = {kind: amount for kind, amount in parts.items() if amount.amount > 0}
    less = {kind: -amount for kind, amount in parts.items() if amount.amount < 0}
    if not more and not less:
        return Nothing()
    return _document(case, Document.EXPENSE if more else Document.DEPOSIT, more or less, books)


def _told(found: Evidence) -> str:
    if not found.apart and not found.included:
        return f"{found.told} payments bear a platform fee, and no net amount shows whether their fee includes it."
    return (
        f"By their net amounts the fee includes the platform fee for {found.included} payments, "
        f"and does not for {found.apart}."
    )


def _document(case: FeeCase, document: Document, parts: Mapping[FeeKind, Money], books: Books) -> FeePlan:
    settings = books.settings
    problem = currency_problem(case.currency, books) or _problem(case, parts, books)
    if problem is not None:
        return problem
    # What was booked while the period went on is no reason to date its rest in the next one.
    complete = any(not one.voided and one.sent.day >= case.period.last for one in (*case.others, *case.postings))
    first = document is Document.EXPENSE and not complete
    own_day = min(case.period.last, case.today) if first else case.today
    day = dated(own_day, "entry of fees", books)
    if not isinstance(day, Dated):
        return day
    what = "Fees" if first else ("Adjustment of fees" if document is Document.EXPENSE else "Fees given back")
    text = f"{what} of {case.processor.value}, {case.period}, {case.currency}"
    lines = tuple(
        AccountLine(getattr(settings, _KINDS[kind][0]), amount, kind, f"{_KINDS[kind][1]} {case.period}")
        for kind, amount in parts.items()
    )
    return Post(
        PostingContent(
            document=document,
            amount=sum((one.amount for one in lines), Money(Decimal(0), case.currency)),
            day=day.day,
            customer_id="",
            account_id=settings.deposit_account(case.processor, case.currency),
            notice="\n".join(filter(None, (text, day.notice))),
            account_lines=lines,
            vendor_id=settings.fee_vendor(case.processor, case.currency),
            reference=_free_number(case),
            class_id=settings.fee_class_id if books.company.tracks_classes else None,
            department_id=settings.fee_department_id if books.company.tracks_locations else None,
        )
    )


def fee_number(processor: Processor, period: Period, currency: str, entry: int) -> str:
    """The number of the document, at most 21 characters (Intuit: DocNumber): `FEE-2026-10-USD`, of a correction
    `FEE-2026-10-USD-2`.

    Each processor has letters of its own, because QuickBooks refuses a number that is used already, by setting.
    """
    return f"{_LETTERS.get(processor, 'FEE')}-{period}-{currency}" + (f"-{entry}" if entry > 1 else "")


def _free_number(case: FeeCase) -> str:
    """That of the next entry; one that was deleted in QuickBooks frees its own."""
    taken = {one.sent.reference for one in case.postings}
    numbers = (fee_number(case.processor, case.period, case.currency, entry) for entry in range(1, len(taken) + 2))
    return next(number for number in numbers if number not in taken)


def _problem(case: FeeCase, parts: Mapping[FeeKind, Money], books: Books) -> Attend | None:
    """Which account or vendor is not named, unknown to the ledger, of a wrong type or currency, or inactive."""
    settings = books.settings
    clearing = settings.deposit_account(case.processor, case.currency)
    vendor = settings.fee_vendor(case.processor, case.currency)
    if clearing is None:
        detail = f"deposit_accounts names no clearing account for {case.processor.value}, which charged the fees."
        return Attend(AttentionCode.FEE_MAPPING_MISSING, detail)
    if vendor is None:
        detail = f"fee_vendors names no vendor for {case.processor.value}, which charged the fees."
        return Attend(AttentionCode.FEE_MAPPING_MISSING, detail)
    wanted = [("deposit_accounts", clearing, CLEARING_TYPES)]
    for kind in parts:
        name = _KINDS[kind][0]
        account: str | None = getattr(settings, name)
        if account is None:
            return Attend(AttentionCode.FEE_MAPPING_MISSING, f"{name} names no account for {kind} fees.")
        wanted.append((name, account, EXPENSE_TYPES))
    problems = (account_problem(name, case.accounts.get(id_), id_, types) for name, id_, types in wanted)
    return (
        next(filter(None, problems), None)
        or clearing_problem(case.accounts.get(clearing), case.processor, case.currency, books)
        or vendor_problem(case.vendors.get(vendor), vendor, case.processor, case.currency, books)
    )


def account_problem(setting: str, account: LedgerAccount | None, id_: str, types: frozenset[str]) -> Attend | None:
    """Why the account that a setting names cannot be booked on."""
    code = AttentionCode.FEE_MAPPING_UNUSABLE
    if account is None:
        return Attend(code, f"{setting} names account {id_}, which QuickBooks does not have.")
    if not account.active:
        return Attend(code, f"{setting} names account {id_} ({account.name}), which is inactive.")
    if account.type not in types:
        wanted = " or ".join(sorted(types))
        return Attend(code, f"{setting} names account {id_} ({account.name}), of type {account.type} and not {wanted}.")
    return None


def clearing_problem(account: LedgerAccount | None, processor: str, currency: str, books: Books) -> Attend | None:
    """Whether a clearing account can hold a processor's money in `currency`: the account's own currency, and
    QuickBooks' home currency is what a foreign document may be paid from."""
    home = books.company.home_currency
    own = home if account is None else account.currency or home
    if account is None or own in (home, currency):
        return None
    detail = (
        f"deposit_accounts names account {account.id} ({account.name}) in {own}, and the fees are in {currency}. "
        f"Name one for {processor}:{currency}."
    )
    return Attend(AttentionCode.FEE_MAPPING_UNUSABLE, detail)


def vendor_problem(vendor: LedgerVendor | None, id_: str, processor: str, currency: str, books: Books) -> Attend | None:
    """Why the vendor that `fee_vendors` names cannot be booked for; in QuickBooks a vendor has one currency."""
    code = AttentionCode.FEE_MAPPING_UNUSABLE
    if vendor is None:
        return Attend(code, f"fee_vendors names vendor {id_}, whom QuickBooks does not have.")
    if not vendor.active:
        return Attend(code, f"fee_vendors names vendor {id_} ({vendor.name}), who is inactive.")
    own = vendor.currency or books.company.home_currency
    if own != currency:
        detail = (
            f"fee_vendors names vendor {id_} ({vendor.name}) in {own}, and the fees are in {currency}. "
            f"Name one for {processor}:{currency}."
        )
        return Attend(code, detail)
    return None
