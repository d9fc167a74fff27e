"""What must hold after every step of a world of money: it is neither made nor lost, and nobody's own is touched."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import httpx

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.hubspot.object_types import INVOICE, PAYMENT
from infra.sandbox.hubspot.payments import RECEIVED
from infra.sandbox.hubspot.record import Record
from infra.sandbox.quickbooks import QuickBooksSandbox
from tests.simulation import books
from tests.simulation.books import ZERO, Entity
from tests.simulation.watch import Broken, Watch
from tieout.domain.record import Kind, RecordKey

RECEIPTS, REFUNDS = ("Payment", "SalesReceipt"), ("RefundReceipt", "CreditMemo")
MONEY = (*RECEIPTS, *REFUNDS, "Purchase", "Deposit")
_COMPANY_PATH = "/v3/company/"
_PAYMENTS_PATH = "/commerce_payments"
_ENTITIES = {name.lower(): name for name in MONEY}


class MoneyWatch(Watch):
    """What it knows of the money.

    `made`: the documents of ours by entity and id, with the record that they were made for; `meant`: over how much,
    where QuickBooks computes tax. `recorded`: HubSpot's payments of ours by id, with the QuickBooks payment and the
    HubSpot invoice. `touched`: what of ours a person changed, voided or deleted; `unseen`: in
    the very second of our own write, by which nobody can tell the two apart. `applied`: every amount that a
    person's payment was ever applied to an invoice with. `reads` are QuickBooks' metered ones.
    """

    def __init__(self, hubspot: HubSpotSandbox, quickbooks: QuickBooksSandbox, tell: Callable[[str], None]) -> None:
        super().__init__(hubspot, quickbooks, tell)
        self.made: dict[tuple[str, str], RecordKey] = {}
        self.meant: dict[tuple[str, str], Decimal] = {}
        self.recorded: dict[str, tuple[str, str]] = {}
        self.touched: set[tuple[str, str]] = set()
        self.unseen: set[tuple[str, str]] = set()
        self.applied: defaultdict[tuple[str, str], set[Decimal]] = defaultdict(set)
        self.reads = 0

    # -- reads

    def reading(self, request: httpx.Request) -> None:
        """Counted where Intuit meters."""
        if _COMPANY_PATH in request.url.path:
            self.reads += 1

    # -- writes

    def sending(self, request: httpx.Request) -> None:
        """Neither system gets money without a stored intent of exactly that."""
        super().sending(request)
        if _PAYMENTS_PATH in request.url.path:
            self._intended(request)

    def _intended(self, request: httpx.Request) -> RecordKey:
        body = request.content.decode()
        said = _said(body)
        _, _, id_ = request.url.path.partition(f"{_PAYMENTS_PATH}/")
        for one in self.records:
            intent = one.intent
            if intent is not None and (intent.far_id or "") == id_ and _said(intent.body) == said:
                return one.key
        raise Broken(f"{request.method} {request.url.path} was sent without a stored intent: {body[:200]}")

    @contextmanager
    def carrying_out(self, request: httpx.Request) -> Iterator[None]:
        """What a write of ours does to the money in both systems."""
        entity = _ENTITIES.get(request.url.path.rpartition("/")[2])
        company = self.quickbooks.company
        if _PAYMENTS_PATH in request.url.path:
            yield from self._recording(request)
        elif _COMPANY_PATH not in request.url.path or entity is None:
            with super().carrying_out(request):
                yield
        else:
            before: dict[str, dict[str, Entity]] = {name: dict(company.rows[name]) for name in (*MONEY, "Invoice")}
            yield
            self._posted(self._asked[request.url.params["requestid"]], entity, before)
        if _COMPANY_PATH in request.url.path:
            self._balanced()

    def _balanced(self) -> None:
        balance = sum(self.quickbooks.company.ledger.trial_balance().values(), ZERO)
        if balance:
            raise Broken(f"the trial balance of QuickBooks is off by {balance}")

    # -- HubSpot -> QuickBooks

    def _posted(self, key: RecordKey, entity: str, before: dict[str, dict[str, Entity]]) -> None:
        rows = self.quickbooks.company.rows
        for name, old in before.items():
            for id_ in old.keys() | rows[name].keys():
                row, was = rows[name].get(id_), old.get(id_)
                if row is was:
                    continue
                if name == "Invoice" and was is None:
                    raise Broken(f"{key} is a payment, and made invoice {id_}")
                if name == entity and was is None and row is not None:
                    self._document_made(key, entity, id_, row)
                elif name == entity and self.made.get((entity, id_)) == key:
                    self.writes[f"{'delete' if row is None else 'change'} {entity}"] += 1
                elif (name == entity or row is None) and (name, id_) not in self.made:
                    raise Broken(f"{key} changed {name} {id_}, which is a person's")
        self._conserved(key)

    def _document_made(self, key: RecordKey, entity: str, id_: str, row: Entity) -> None:
        self.writes[f"create {entity}"] += 1
        self._tell(f"QuickBooks does create {entity} {id_} over {row['TotalAmt']} for payment {key.origin_id}")
        marked = f"{books.MARKER}{key.connection}/{key.kind}/{key.origin_id}/"
        if marked not in str(row.get("PrivateNote", "")):
            raise Broken(f"{entity} {id_} of {key} bears no marker of it")
        closed = self.quickbooks.company.preference("AccountingInfoPrefs", "BookCloseDate") or ""
        if row["TxnDate"] <= closed:
            raise Broken(f"{entity} {id_} of {row['TxnDate']} was posted, books closed through {closed}")
        self.made[entity, id_] = key
        record = self.records.get(key)
        posting = record.intent.posting if record and record.intent else None
        self.meant[entity, id_] = posting.amount.amount if posting else row["TotalAmt"]
        if key.kind is not Kind.PAYMENT:
            return
        payment = self.payment(key.origin_id)
        if payment.id in self.recorded or payment.get("hs_processor_type") == "quickbooks":
            raise Broken(f"HubSpot payment {payment.id} came from QuickBooks, and came back as {entity} {id_}")
        if entity == "SalesReceipt" and self.hubspot.store.linked(payment, INVOICE):
            raise Broken(f"HubSpot payment {payment.id} is of an invoice, and made sales receipt {id_}")

    def _conserved(self, key: RecordKey) -> None:
        """One receipt for a payment that came in, over just its amount; no more given back than was."""
        if key.kind is Kind.FEES:
            self._booked_once(key)
        if key.kind is not Kind.PAYMENT:
            return
        payment = self.payment(key.origin_id)
        receipts = [row for row in self.standing(key, RECEIPTS) if row["TotalAmt"]]
        if len(receipts) > 1:
            raise Broken(f"HubSpot payment {payment.id} stands {len(receipts)} times in QuickBooks")
        amount = Decimal(payment.get("hs_initial_amount") or 0)
        amounts = {Decimal(version.value or 0) for version in payment.history.get("hs_initial_amount", ())} | {amount}
        ours = [row for row in receipts if ("Payment", row["Id"]) not in self.touched]
        if any(row["TotalAmt"] not in amounts for row in ours):
            raise Broken(f"HubSpot payment {payment.id} is over {amounts}, in QuickBooks over {ours[0]['TotalAmt']}")
        if receipts and not self.came_in(payment):
            raise Broken(f"HubSpot payment {payment.id} was never received, and stands in QuickBooks")
        back = sum((self.meant[where] for where in self.where(key, REFUNDS)), ZERO)
        most = max((abs(Decimal(one.value or 0)) for one in payment.history.get("hs_refunds_amount", ())), default=ZERO)
        if back > min(most, max(amounts)):
            raise Broken(f"{back} were given back in QuickBooks of HubSpot payment {payment.id}, in HubSpot {most}")

    def _booked_once(self, key: RecordKey) -> None:
        """All that is booked of a processor and currency was charged once."""
        processor, currency = key.origin_id.split(":")[:2]
        booked, most = self.fees_booked(processor, currency), ZERO
        for payment in self.hubspot.store.records[PAYMENT].values():
            if payment.get("hs_processor_type") == processor and payment.get("hs_currency_code") == currency:
                told = [payment.history.get(name, ()) for name in ("hs_fees_amount", "hs_platform_fee")]
                most += sum((max((Decimal(one.value or 0) for one in some), default=ZERO) for some in told), ZERO)
        if booked > most:
            raise Broken(f"fees of {booked} {currency} are booked of {processor}, which charged {most}")

    def fees_booked(self, processor: str, currency: str) -> Decimal:
        """What our expenses and deposits of fees come to."""
        rows, total = self.quickbooks.company.rows, ZERO
        for (entity, id_), key in self.made.items():
            if key.kind is Kind.FEES and key.origin_id.startswith(f"{processor}:{currency}:") and id_ in rows[entity]:
                total += rows[entity][id_]["TotalAmt"] * (1 if entity == "Purchase" else -1)
        return total

    def payment(self, id_: str) -> Record:
        """A HubSpot payment, deleted or not."""
        found = self.hubspot.store.records[PAYMENT].get(id_)
        if found is None:
            raise Broken(f"HubSpot never had a payment {id_}")
        return found

    @staticmethod
    def came_in(payment: Record) -> bool:
        """Whether it was ever received."""
        told = [payment.get("hs_latest_status"), *(one.value for one in payment.history.get("hs_latest_status", ()))]
        return any(one in RECEIVED for one in told)

    def standing(self, key: RecordKey, entities: tuple[str, ...]) -> list[Entity]:
        """Our documents of a record that stand: neither deleted nor void."""
        rows = self.quickbooks.company.rows
        return [rows[entity][id_] for entity, id_ in self.where(key, entities)]

    def where(self, key: RecordKey, entities: tuple[str, ...]) -> list[tuple[str, str]]:
        """Their entities and ids."""
        rows = self.quickbooks.company.rows
        mine = [(entity, id_) for (entity, id_), holder in self.made.items() if holder == key and entity in entities]
        return [(entity, id_) for entity, id_ in mine if id_ in rows[entity] and not books.dead(rows[entity][id_])]

    # -- QuickBooks -> HubSpot

    def _recording(self, request: httpx.Request) -> Iterator[None]:
        payments = self.hubspot.store.records[PAYMENT]
        before = {id_: (dict(one.properties), one.archived) for id_, one in payments.items()}
        key = self._intended(request)
        yield
        id_ = request.url.path.rpartition("/")[2]
        for new in payments.keys() - before.keys():
            self._payment_made(key, payments[new])
        if id_ not in before or before[id_] == (payments[id_].properties, payments[id_].archived):
            return
        self.writes[f"{'correct' if request.method == 'PATCH' else 'delete'} recorded payment"] += 1
        if self.recorded.get(id_, ("",))[0] != key.origin_id:
            raise Broken(f"{key} changed HubSpot payment {id_}, which is not its own")
        if payments[id_].archived is None:
            self._was_applied(key, payments[id_])

    def _payment_made(self, key: RecordKey, payment: Record) -> None:
        self.writes["record payment"] += 1
        [invoice] = self.hubspot.store.linked(payment, INVOICE)
        self._tell(
            f"HubSpot records payment {payment.id} on invoice {invoice.id} for QuickBooks payment {key.origin_id}"
        )
        if key.origin_system != "quickbooks" or ("Payment", key.origin_id) in self.made:
            raise Broken(f"{key} was posted from HubSpot, and came back as HubSpot payment {payment.id}")
        self.recorded[payment.id] = key.origin_id, invoice.id
        same = [id_ for id_, of in self.recorded.items() if of == (key.origin_id, invoice.id)]
        live = [id_ for id_ in same if self.payment(id_).archived is None]
        if len(live) > 1:
            raise Broken(f"QuickBooks payment {key.origin_id} stands {len(live)} times on HubSpot invoice {invoice.id}")
        self._was_applied(key, payment)

    def _was_applied(self, key: RecordKey, payment: Record) -> None:
        amount = Decimal(payment.get("hs_initial_amount") or 0)
        _, invoice = self.recorded[payment.id]
        far_ids = [id_ for id_, book in self.books.items() if book.origin == invoice]
        if not any(amount in self.applied.get((key.origin_id, far_id), ()) for far_id in far_ids):
            raise Broken(f"HubSpot payment {payment.id} over {amount} was never applied so by {key}")

    # -- people

    def look_around(self) -> None:
        """A person did something in QuickBooks: what their payments are applied to now was true once."""
        for id_, row in self.quickbooks.company.rows["Payment"].items():
            if ("Payment", id_) not in self.made:
                for line in row.get("Line", ()):
                    for link in line.get("LinkedTxn", ()):
                        if link["TxnType"] == "Invoice" and row["TotalAmt"]:
                            self.applied[id_, link["TxnId"]].add(Decimal(line["Amount"]))
        self._balanced()


def _said(body: str) -> object:
    return json.loads(body) if body else None
