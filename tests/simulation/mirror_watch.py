"""What must hold after every step where HubSpot shows invoices that are born in QuickBooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

import httpx

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.hubspot.object_types import ADJUSTMENTS, INVOICE, LINE_ITEM
from infra.sandbox.hubspot.record import Record
from infra.sandbox.quickbooks import QuickBooksSandbox
from tests.simulation import books
from tests.simulation.books import ZERO, Entity, View, linked, plain
from tests.simulation.office import CONNECTION
from tests.simulation.watch import Broken, Watch
from tieout.domain.conflict import Side
from tieout.domain.record import Kind, Operation, RecordKey, SyncRecord

KEY = "tieout_quickbooks_key"
_OBJECTS = "/crm/objects/"
_COMPANY_PATH = "/v3/company/"
_OWN, _TOUCHED = "tieout_", "hs_lastmodifieddate"
_NAMES = dict(zip(ADJUSTMENTS, ("discount", "fee", "tax"), strict=True))


def meant(row: Entity) -> View:
    """What HubSpot has to say of a QuickBooks invoice that stands, by the documentation."""
    sold = [line for line in books.sold(row) if line["Amount"] >= 0]
    negative = sum((-line["Amount"] for line in books.sold(row) if line["Amount"] < 0), ZERO)
    paid = row["TotalAmt"] > 0 and row["Balance"] == 0
    return {
        "number": str(row.get("DocNumber", "")),
        "date": str(row["TxnDate"]),
        "due": str(row.get("DueDate", row["TxnDate"])),
        "memo": _text(str(row.get("CustomerMemo", {}).get("value", ""))),
        "total": plain(row["TotalAmt"]),
        "status": "paid" if paid else "open",
        "lines": "; ".join(sorted([*_texts(row), *(_line(line["Amount"], line.get("Description")) for line in sold)])),
        "discount": plain(books.discount_of(row) + negative),
        "tax": plain(row.get("TxnTaxDetail", {}).get("TotalTax", ZERO)),
        "fee": "0",
    }


def shown(hubspot: HubSpotSandbox, invoice: Record) -> View:
    """The same as it stands in HubSpot."""
    view = {
        "number": invoice.get("hs_number") or "",
        "date": (invoice.get("hs_invoice_date") or "")[:10],
        "due": (invoice.get("hs_due_date") or "")[:10],
        "memo": _text(invoice.get("hs_comments") or ""),
        "total": plain(invoice.get("hs_amount_billed") or 0),
        "status": invoice.get("hs_invoice_status") or "",
        "lines": "; ".join(
            sorted(
                _line(Decimal(line.get("amount") or 0), line.get("description"))
                for line in linked(hubspot, invoice, LINE_ITEM)
            )
        ),
    }
    for type_id, name in _NAMES.items():
        some = linked(hubspot, invoice, type_id)
        percent = "".join(" %" for one in some if one.get("hs_type") == "PERCENT")
        view[name] = plain(sum((Decimal(one.get("hs_value") or 0) for one in some), ZERO)) + percent
    return view


def _texts(row: Entity) -> Iterator[str]:
    """Lines without an amount are shown as lines of nothing."""
    return (_line(ZERO, line.get("Description")) for line in row["Line"] if line["DetailType"] == "DescriptionOnly")


def _line(amount: Decimal, description: str | None) -> str:
    return f"{plain(amount + 0)} {_text(description or '')}"


def _text(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


class MirrorWatch(Watch):
    """What it knows of both systems.

    `born` are the QuickBooks invoices that people made, `deals` the deals in HubSpot, and `named` the one that an
    invoice names. `theirs` are a person's values in a mirror (by its HubSpot id)
    with which QuickBooks does not agree. `touched` are the mirrors that people ever changed, `raced` those that were
    changed while a worker was at it, or lost a line before all of them were written: HubSpot has no versions, so nobody
    can tell. `overruled` are values of `theirs` that a person let go, `granted` those of HubSpot that a person wants in
    QuickBooks, by field of the QuickBooks invoice, with what they replace.
    """

    def __init__(self, hubspot: HubSpotSandbox, quickbooks: QuickBooksSandbox, tell: Callable[[str], None]) -> None:
        super().__init__(hubspot, quickbooks, tell)
        self.born: set[str] = set()
        self.theirs: dict[str, View] = {}
        self.touched: set[str] = set()
        self.raced: set[str] = set()
        self.deals: list[str] = []
        self.named: dict[str, str] = {}
        self.overruled: dict[str, View] = {}
        self.granted: dict[str, dict[str, tuple[str, str]]] = {}
        self.reads = 0

    # -- the world

    def mirrors(self, *, deleted: bool = False) -> dict[str, str]:
        """HubSpot invoices of ours and the QuickBooks invoice that each shows."""
        found = books.invoices(self.hubspot).items()
        return {id_: key.split("/")[2] for id_, one in found if (key := one.get(KEY)) and (deleted or not one.archived)}

    def of(self, row_id: str) -> list[str]:
        """The mirrors of a QuickBooks invoice that are there."""
        return [id_ for id_, origin in self.mirrors().items() if origin == row_id]

    def row(self, mirror: str) -> Entity | None:
        """The QuickBooks invoice that a mirror shows, None when it was deleted."""
        return self.quickbooks.company.rows["Invoice"].get(self.mirrors(deleted=True)[mirror])

    def view(self, mirror: str) -> View:
        """A mirror as it stands."""
        return shown(self.hubspot, books.invoices(self.hubspot)[mirror])

    def invoice_record(self, row_id: str) -> SyncRecord | None:
        """Tieout's record of a QuickBooks invoice."""
        return self.records.get(RecordKey(CONNECTION, Kind.INVOICE, "quickbooks", row_id))

    @contextmanager
    def editing(self, mirror: str) -> Iterator[None]:
        """A person changes a mirror inside."""
        before, parts = self.view(mirror), self._parts(mirror)
        yield
        after = self.view(mirror)
        self.touched.add(mirror)
        record = self.invoice_record(self.mirrors(deleted=True)[mirror])
        if record is None or record.leased(self._now()) or (_begun(record) and self._parts(mirror) < parts):
            self.raced.add(mirror)
        if mirror not in self.raced:
            changed = {name: text for name, text in after.items() if before[name] != text}
            self.theirs.setdefault(mirror, {}).update(changed)
        self.agree()

    def agree(self) -> None:
        """A person's value with which QuickBooks agrees, or that is gone again, is no longer theirs alone."""
        for mirror, values in self.theirs.items():
            row, now = self.row(mirror), self.view(mirror)
            wanted = meant(row) if row is not None and not books.dead(row) else {"status": "voided"}
            self.theirs[mirror] = {
                name: text for name, text in values.items() if now[name] == text and wanted.get(name) != text
            }

    def decided(self, record: SyncRecord, side: Side) -> None:
        """A person takes a side of what the record shows."""
        if record.conflict is None or record.link is None:
            return
        mirror, row_id = record.link.far_id, record.key.origin_id
        for one in record.conflict.differences:
            name, ours = _CONFLICTS.get(one.field, one.field), self.theirs.get(mirror, {})
            if side is Side.HUBSPOT:
                self.granted.setdefault(row_id, {})[_FIELDS[name]] = (one.quickbooks, one.hubspot)
            else:
                # Of lines and amounts the text is not how they stand there.
                told = one.hubspot if name in _FIELDS or name == "status" else ours.get(name, "")
                self.overruled.setdefault(mirror, {})[name] = told

    # -- records, reads and writes

    def _linked(self, before: SyncRecord, after: SyncRecord) -> None:
        if after.key.origin_system == "hubspot":
            super()._linked(before, after)
            return
        link = after.link
        if link is None:
            return
        if before.link is not None and before.link.far_id != link.far_id and after.generation == before.generation:
            raise Broken(f"{after.key} lets go of HubSpot invoice {before.link.far_id}")
        if self.mirrors(deleted=True).get(link.far_id) != after.key.origin_id:
            raise Broken(f"{after.key} is linked to {link.far_id}, which does not show it")

    def reading(self, request: httpx.Request) -> None:
        """Counted where Intuit meters."""
        if _COMPANY_PATH in request.url.path:
            self.reads += 1

    def sending(self, request: httpx.Request) -> None:
        """Invoices in HubSpot are written with a stored intent only."""
        super().sending(request)
        path, method = request.url.path, request.method
        kind, _, rest = path.partition(_OBJECTS)[2].partition("/")[2].partition("/")
        intents = [one.intent for one in self.records if one.key.origin_system == "quickbooks" and one.intent]
        if kind == "invoices" and method == "POST" and not rest:
            body = json.loads(request.content)
            allowed = any(one.operation is Operation.CREATE and json.loads(one.body) == body for one in intents)
        elif kind == "invoices" and method == "PATCH":
            allowed = any(one.operation is Operation.UPDATE and one.far_id == rest for one in intents)
        elif kind in ("line_items", "discounts", "taxes", "fees"):
            allowed = any(one.operation is Operation.UPDATE for one in intents)
        else:
            return
        if not allowed:
            raise Broken(f"{method} {path} was sent without a stored intent")

    @contextmanager
    def carrying_out(self, request: httpx.Request) -> Iterator[None]:
        """What a write of ours does to invoices in HubSpot."""
        if _COMPANY_PATH in request.url.path:
            with super().carrying_out(request):
                yield
            self.agree()
            return
        born_here, known = self._born_in_hubspot(), self.mirrors(deleted=True)
        before = {id_: self.view(id_) for id_ in self.mirrors()}
        yield
        if self._born_in_hubspot() != born_here:
            raise Broken(f"{request.method} {request.url.path} changed an invoice that was born in HubSpot")
        after = self.mirrors(deleted=True)
        for id_ in after.keys() - known.keys():
            self.writes["create mirror"] += 1
            self._tell(f"HubSpot invoice {id_} is made for QuickBooks invoice {after[id_]}")
            if after[id_] not in self.born:
                raise Broken(f"HubSpot invoice {id_} was made for {after[id_]}, which no person made in QuickBooks")
            if len(self.of(after[id_])) > 1:
                raise Broken(f"QuickBooks invoice {after[id_]} stands in HubSpot as {self.of(after[id_])}")
        for id_, was in before.items():
            if id_ not in self.mirrors():
                raise Broken(f"HubSpot invoice {id_} was deleted by a write of ours")
            now = self.view(id_)
            if now != was:
                self.writes["change mirror"] += 1
            for name, text in list(self.theirs.get(id_, {}).items()):
                if was[name] != text or now[name] == text:
                    continue
                if self.overruled.get(id_, {}).get(name) == text:
                    del self.theirs[id_][name], self.overruled[id_][name]
                else:
                    raise Broken(
                        f"HubSpot invoice {id_}: a person's {name} {text!r} was overwritten with {now[name]!r}"
                    )

    def _invoice_changed(self, id_: str, before: Entity, after: Entity) -> None:
        """One of QuickBooks' own says what a person took from HubSpot, instead of what they saw of it, and nothing
        else."""
        if id_ not in self.born:
            super()._invoice_changed(id_, before, after)
            return
        granted = self.granted.pop(id_, {})
        for name in (before.keys() | after.keys()) - {"SyncToken", "MetaData"}:
            was, now = _value(before, name), _value(after, name)
            if was != now and granted.get(name) != (was, now):
                raise Broken(f"invoice {id_}, which is QuickBooks' own: {name} {was!r} became {now!r}, for {granted}")

    def _born_in_hubspot(self) -> dict[str, object]:
        """All that HubSpot's own invoices say, Tieout's properties apart."""
        found = self.hubspot.store.records[INVOICE].items()
        return {id_: self._said(one) for id_, one in found if not one.get(KEY)}

    def _said(self, invoice: Record) -> object:
        own = {
            name: text for name, text in invoice.properties.items() if not name.startswith(_OWN) and name != _TOUCHED
        }
        kinds = (LINE_ITEM, *ADJUSTMENTS)
        parts = [dict(part.properties) for kind in kinds for part in linked(self.hubspot, invoice, kind)]
        return bool(invoice.archived), own, parts

    def _parts(self, mirror: str) -> int:
        return len(linked(self.hubspot, books.invoices(self.hubspot)[mirror], LINE_ITEM))

    def _now(self) -> datetime:
        return self.hubspot.store.now()


# What a conflict calls otherwise, and the fields of QuickBooks that a person may take from HubSpot.
_CONFLICTS = {"due date": "due", "invoice date": "date", "comments": "memo"}
_FIELDS = {"number": "DocNumber", "date": "TxnDate", "due": "DueDate", "memo": "CustomerMemo"}


def _value(row: Entity, name: str) -> str:
    value = row.get(name, "")
    # QuickBooks adds names to references when it feels like it.
    text = str(value["value"] if isinstance(value, dict) and "value" in value else value)
    return _text(text) if name == "CustomerMemo" else text


def _begun(record: SyncRecord) -> bool:
    """Whether a write of the mirror is not complete."""
    mirror = record.link.mirror if record.link else None
    return mirror is None or not mirror.complete
