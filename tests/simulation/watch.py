"""What must hold after every step, whatever happens; the first breach ends the simulation."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.quickbooks import QuickBooksSandbox
from tests.simulation import books
from tests.support.memory import MemoryRecords
from tieout.domain.record import TRANSITIONS, Kind, RecordKey, State, SyncRecord
from tieout.ports import AuditEntry

_COMPANY_PATH = "/v3/company/"
# What an update of ours may change on an invoice: the fields that come from HubSpot, and what follows from them.
_OURS = frozenset(
    [
        "CustomerRef",
        "DocNumber",
        "TxnDate",
        "SalesTermRef",
        "DueDate",
        "CurrencyRef",
        "GlobalTaxCalculation",
        "ApplyTaxAfterDiscount",
        "CustomerMemo",
        "BillEmail",
        "ExchangeRate",
        "CustomField",
        "Line",
        "PrivateNote",
        "SyncToken",
        "MetaData",
        "TotalAmt",
        "Balance",
        "HomeTotalAmt",
        "HomeBalance",
        "TxnTaxDetail",
    ]
)

# What a conflict calls otherwise than the books.
_NAMES = {"due date": "due", "invoice date": "date", "e-mail": "email"}


class Broken(BaseException):
    """An invariant does not hold. No `except Exception` of a worker may survive it."""


@dataclass(slots=True)
class Book:
    """One invoice that we made in the ledger: for which HubSpot invoice, and what a person made of it.

    `theirs` are a person's values in owned fields that HubSpot never agreed with; `overruled` those of them that a
    person who saw them had replaced by HubSpot's.
    """

    origin: str
    theirs: dict[str, str] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)
    overruled: dict[str, str] = field(default_factory=dict)
    deleted: bool = False
    voided: bool = False


class Records(MemoryRecords):
    """The store, that shows each change to the watch."""

    def __init__(self, seen: Callable[[SyncRecord | None, SyncRecord], None]) -> None:
        super().__init__()
        self._seen = seen

    def put(self, record: SyncRecord, audit: AuditEntry | None = None) -> SyncRecord:
        before = self.get(record.key)
        after = super().put(record, audit)
        self._seen(before, after)
        return after


class Watch:
    """Checks each write on its way to QuickBooks and each change of a record."""

    def __init__(self, hubspot: HubSpotSandbox, quickbooks: QuickBooksSandbox, tell: Callable[[str], None]) -> None:
        self.hubspot = hubspot
        self.quickbooks = quickbooks
        self.records = Records(self.record_changed)
        self.books: dict[str, Book] = {}
        self.writes: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        self._tell = tell
        self._customers: dict[RecordKey, list[str]] = defaultdict(list)
        self._asked: dict[str, RecordKey] = {}

    # -- records

    def record_changed(self, before: SyncRecord | None, after: SyncRecord) -> None:
        """States move along the table; nothing that only grows shrinks; a far document has one origin."""
        old = before.state if before else State.SEEN
        if old is not after.state or before is None:
            self.states[f"{after.key.kind}:{after.state}"] += 1
            self._tell(f"record {_short(after.key)}: {old} -> {after.state} {after.reason}")
        via_plan = State.PLANNED in TRANSITIONS[old] and after.state in TRANSITIONS[State.PLANNED]
        if after.state is not old and after.state not in TRANSITIONS[old] and not via_plan:
            raise Broken(f"{after.key} went from {old} to {after.state}")
        if before is None:
            return
        if (after.revision, after.generation) < (before.revision, before.generation) or (
            after.generation < before.generation
        ):
            raise Broken(f"{after.key}: revision or generation went back")
        if before.covered_until and (after.covered_until is None or after.covered_until < before.covered_until):
            raise Broken(f"{after.key}: what was covered is covered no more")
        if after.link is not None and after.key.kind is Kind.INVOICE:
            self._linked(before, after)

    def _linked(self, before: SyncRecord, after: SyncRecord) -> None:
        """An invoice holds on to its document, which was made for it."""
        if after.link is None:
            return
        far_id = after.link.far_id
        if before.link is not None and before.link.far_id != far_id and after.generation == before.generation:
            raise Broken(f"{after.key} lets go of QuickBooks invoice {before.link.far_id}")
        book = self.books.get(far_id)
        if book is None or book.origin != after.key.origin_id:
            raise Broken(f"{after.key} is linked to {far_id}, which was made for {book and book.origin}")

    # -- reads and writes

    def reading(self, request: httpx.Request) -> None:
        """Reading does no harm here."""

    def sending(self, request: httpx.Request) -> None:
        """Nothing is sent to QuickBooks without a stored intent of exactly that body."""
        if _COMPANY_PATH not in request.url.path:
            return
        id_, body = request.url.params.get("requestid"), request.content.decode()
        holders = [one for one in self.records if one.intent is not None and one.intent.request_id == id_]
        if not id_ or not any(one.intent is not None and one.intent.body == body for one in holders):
            raise Broken(f"{request.method} {request.url.path} was sent without a stored intent: {body[:200]}")
        self._asked[id_] = holders[0].key

    @contextmanager
    def carrying_out(self, request: httpx.Request) -> Iterator[None]:
        """What the ledger does with a write of ours."""
        if _COMPANY_PATH not in request.url.path:
            yield
            return
        entity = "Invoice" if request.url.path.endswith("/invoice") else "Customer"
        company = self.quickbooks.company
        rows = company.rows[entity]
        key = self._asked[request.url.params["requestid"]]
        before, payments = dict(rows), dict(company.rows["Payment"])
        yield
        if company.rows["Payment"] != payments:
            raise Broken(f"{_short(key)}: what somebody paid was applied otherwise by a write of ours")
        for id_, row in rows.items():
            if before.get(id_) is row:
                continue
            operation = request.url.params.get("operation") or ("update" if id_ in before else "create")
            self.writes[f"{operation} {entity}"] += 1
            self._tell(f"QuickBooks does {operation} {entity} {id_} for {_short(key)}")
            if entity == "Customer":
                self._customer_made(key, id_)
                continue
            self._in_an_open_period(before.get(id_), row)
            if operation == "create":
                self._invoice_made(key, id_, json.loads(request.content)["PrivateNote"])
            elif operation == "update":
                self._invoice_changed(id_, before[id_], row)
            elif before[id_]["LinkedTxn"]:
                raise Broken(f"invoice {id_} was voided although it is paid")

    def _in_an_open_period(self, before: books.Entity | None, after: books.Entity) -> None:
        closed = self.quickbooks.company.preference("AccountingInfoPrefs", "BookCloseDate") or ""
        for row in (before, after):
            if row is not None and row["TxnDate"] <= closed:
                raise Broken(f"invoice {after['Id']} of {row['TxnDate']} was written, books closed through {closed}")

    def _customer_made(self, key: RecordKey, id_: str) -> None:
        self._customers[key].append(id_)
        rows = self.quickbooks.company.rows["Customer"]
        # One that a person made inactive may be replaced when they ask for it.
        if sum(bool(rows[one]["Active"]) for one in self._customers[key]) > 1:
            raise Broken(f"customers {self._customers[key]} were made for one party, {key}")

    def _invoice_made(self, key: RecordKey, id_: str, note: str) -> None:
        marked = note.rpartition(books.MARKER)[2].split("/")
        if len(marked) != 4 or marked[2] != key.origin_id:
            raise Broken(f"invoice {id_} of {key} bears the marker {marked}")
        self.books[id_] = Book(key.origin_id)
        live = self.live(key.origin_id)
        if len(live) > 1:
            raise Broken(f"HubSpot invoice {key.origin_id} stands {len(live)} times in QuickBooks: {live}")

    def _invoice_changed(self, id_: str, before: books.Entity, after: books.Entity) -> None:
        if id_ not in self.books:
            raise Broken(f"invoice {id_}, which is a person's, was changed by a write of ours")
        for name in (before.keys() | after.keys()) - _OURS:
            if before.get(name) != after.get(name):
                raise Broken(f"invoice {id_}: {name}, which is a person's, became {after.get(name)!r}")
        if not set(books.notes(before)) <= set(books.notes(after)):
            raise Broken(f"invoice {id_}: a person's note {books.notes(before)} became {books.notes(after)}")
        same = (before["TxnDate"], before.get("CurrencyRef")) == (after["TxnDate"], after.get("CurrencyRef"))
        if same and before.get("ExchangeRate") != after.get("ExchangeRate"):
            raise Broken(f"invoice {id_}: the exchange rate became {after['ExchangeRate']}")
        was, now = books.in_quickbooks(before), books.in_quickbooks(after)
        book = self.books[id_]
        for name, value in list(book.theirs.items()):
            if was.get(name) != value or now.get(name) == value:
                continue
            if book.overruled.get(name) != value:
                raise Broken(f"invoice {id_}: a person's {name} {value!r} was overwritten with {now.get(name)!r}")
            del book.theirs[name], book.overruled[name]

    # -- the world

    def live(self, origin: str) -> list[str]:
        """The ledger's invoices of a HubSpot invoice that are neither deleted nor void."""
        rows = self.quickbooks.company.rows["Invoice"]
        return [
            id_
            for id_, book in self.books.items()
            if book.origin == origin and id_ in rows and not books.dead(rows[id_])
        ]

    def edited(self, id_: str, before: books.Entity, after: books.Entity) -> None:
        """A person changed one of our invoices in QuickBooks."""
        was, now = books.in_quickbooks(before), books.in_quickbooks(after)
        book = self.books[id_]
        for name in now.keys() | was.keys():
            if was.get(name) != now.get(name) and name != "total":
                book.theirs[name] = now.get(name, "")
                book.edited.add(name)
        self.compare()

    def overrule(self, record: SyncRecord) -> None:
        """A person takes HubSpot's values instead of those that the record shows of QuickBooks."""
        if record.link is None or record.conflict is None:
            return
        book = self.books[record.link.far_id]
        for one in record.conflict.differences:
            # The text of a line or of an amount is not how it stands there.
            name = _NAMES.get(one.field, one.field.replace("custom field", "custom"))
            as_told = name != "discount" and not name.startswith("line ")
            book.overruled[name] = one.quickbooks if as_told else book.theirs.get(name, "")

    def compare(self) -> None:
        """A person's value with which HubSpot agrees is the agreed value from then on."""
        for book in self.books.values():
            if book.theirs:
                here = books.in_hubspot(self.hubspot, books.invoices(self.hubspot)[book.origin])
                book.theirs = {name: value for name, value in book.theirs.items() if here.get(name) != value}


def _short(key: RecordKey) -> str:
    return f"{key.kind} {key.origin_id}"
