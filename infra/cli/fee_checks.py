"""Whether the accounts and vendors that the settings name for fees exist, are active and fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.cli.check import Check, guard, ok, problem, warning
from tieout.domain.account import LedgerAccount, LedgerVendor
from tieout.domain.planning.books import Books
from tieout.domain.planning.fee_booking import (
    CLEARING_TYPES,
    EXPENSE_TYPES,
    account_problem,
    clearing_problem,
    vendor_problem,
)
from tieout.domain.planning.plan import Attend
from tieout.domain.settings import FeeBooking
from tieout.ports import Workspace
from tieout.services.book_fees import named_for_fees
from tieout.services.books import open_books

_MEND = (
    "Mend it in QuickBooks, or name another one in the settings (settings apply). Until then these fees are not booked."
)
_NAME = "Name it in the settings (settings apply). Until then these fees are not booked."


def examine_fees(workspace: Workspace) -> Iterator[Check]:
    """One check for the accounts that fees are booked on, one for what the documents bear beside them."""
    if workspace.settings.fee_booking is FeeBooking.REPORT_ONLY:
        yield Check("fees", "ok", "reported and not booked, by setting")
        return
    yield guard("fees", lambda: _mappings(workspace))
    yield guard("classes and locations of fees", lambda: _places(workspace))


def _mappings(workspace: Workspace) -> Check:
    books = open_books(workspace)
    missing = list(_missing(books))
    if missing:
        return problem("; ".join(missing), _NAME)
    named = named_for_fees(books.settings)
    accounts, vendors = workspace.ledger.accounts(named[0]), workspace.ledger.vendors(named[1])
    found = (*_accounts(books, accounts, vendors), *_vendors(books, vendors))
    wrong = [one.detail for one in found if one is not None]
    if wrong:
        return problem(" ".join(dict.fromkeys(wrong)), _MEND)
    if books.settings.platform_fee_account_id is None:
        return warning(
            "platform_fee_account_id names no account",
            "Set it if HubSpot charges a platform fee; fees that bear one are not booked without.",
        )
    return ok(f"booked {books.settings.fee_booking.value} for {', '.join(sorted(books.settings.fee_vendors))}")


def _missing(books: Books) -> Iterator[str]:
    settings = books.settings
    if not settings.fee_vendors:
        yield "fee_vendors names no vendor for any processor"
    for name in sorted(settings.fee_vendors):
        processor, _, currency = name.partition(":")
        if settings.deposit_account(processor, currency or books.company.home_currency) is None:
            yield f"deposit_accounts names no clearing account for {name}"
    if settings.processing_fee_account_id is None:
        yield "processing_fee_account_id names no account"


def _accounts(
    books: Books, accounts: Mapping[str, LedgerAccount], vendors: Mapping[str, LedgerVendor]
) -> Iterator[Attend | None]:
    settings = books.settings
    for setting in ("processing_fee_account_id", "platform_fee_account_id"):
        id_: str | None = getattr(settings, setting)
        if id_ is not None:
            yield account_problem(setting, accounts.get(id_), id_, EXPENSE_TYPES)
    for name in sorted(settings.fee_vendors):
        processor, currency = _split(name, books, vendors)
        clearing = settings.deposit_account(processor, currency) or ""
        found = accounts.get(clearing)
        yield account_problem("deposit_accounts", found, clearing, CLEARING_TYPES) or clearing_problem(
            found, processor, currency, books
        )


def _vendors(books: Books, vendors: Mapping[str, LedgerVendor]) -> Iterator[Attend | None]:
    for name, id_ in sorted(books.settings.fee_vendors.items()):
        processor, currency = _split(name, books, vendors)
        yield vendor_problem(vendors.get(id_), id_, processor, currency, books)


def _split(name: str, books: Books, vendors: Mapping[str, LedgerVendor]) -> tuple[str, str]:
    """The processor and the currency of a key of `fee_vendors`. One that is named without settles in its vendor's,
    which need not be the home currency."""
    processor, _, currency = name.partition(":")
    vendor = vendors.get(books.settings.fee_vendors[name])
    own = vendor.currency if vendor is not None else None
    return processor, currency or own or books.company.home_currency


def _places(workspace: Workspace) -> Check:
    """QuickBooks has to track what a document bears; Tieout sends it only where it does."""
    settings, company = workspace.settings, workspace.ledger.company()
    untold = [
        f"{setting} is set, and QuickBooks tracks no {what}"
        for setting, what, id_, tracked in (
            ("fee_class_id", "classes", settings.fee_class_id, company.tracks_classes),
            ("fee_department_id", "locations", settings.fee_department_id, company.tracks_locations),
        )
        if id_ is not None and not tracked
    ]
    if untold:
        return warning("; ".join(untold), "Switch the tracking on in QuickBooks; until then fees are booked without.")
    return ok(", ".join(filter(None, [settings.fee_class_id, settings.fee_department_id])) or "none")
