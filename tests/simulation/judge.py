"""Whether the end is right: each record's state and reason are compared with what is true in both systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.hubspot.object_types import COMPANY, LINE_ITEM
from infra.sandbox.hubspot.record import Record
from tests.simulation import books
from tests.simulation.watch import Broken, Watch
from tieout.domain.attention import AttentionCode
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.settings import CustomerLevel, Settings
from tieout.domain.status import shown_status

_KNOWN_NAMES = frozenset({"support hours"})
_KNOWN_SKUS = frozenset({"CONS-1"})


class Judge:
    """Compares the records with the world. `url` makes the link that HubSpot shows."""

    def __init__(
        self, connection: str, hubspot: HubSpotSandbox, watch: Watch, settings: Settings, url: Callable[[str], str]
    ) -> None:
        self._connection = connection
        self._hubspot = hubspot
        self._watch = watch
        self._settings = settings
        self._url = url
        self._company = watch.quickbooks.company

    def judge(self) -> None:
        """Raises Broken for the first invoice about which something untrue is said."""
        for id_, invoice in books.invoices(self._hubspot).items():
            record = self._watch.records.get(RecordKey(self._connection, Kind.INVOICE, "hubspot", id_))
            if record is None:
                if invoice.archived is None or self._watch.live(id_):
                    raise Broken(f"nobody ever looked at HubSpot invoice {id_}")
                continue
            problem = self._untrue(invoice, record) or self._shown_wrong(invoice, record)
            if problem:
                raise Broken(f"{id_} is {record.state} {record.reason} {record.detail!r}, but {problem}")

    def _untrue(self, invoice: Record, record: SyncRecord) -> str | None:
        live = self._watch.live(invoice.id)
        status = "deleted" if invoice.archived else str(invoice.get("hs_invoice_status"))
        book = self._watch.books.get(record.link.far_id) if record.link else None
        if record.intent is not None or record.lease_owner is not None:
            return "it is not at rest"
        match record.state:
            case State.SYNCED:
                if status not in ("open", "paid") or record.link is None or live != [record.link.far_id]:
                    return f"HubSpot says {status} and QuickBooks holds {live}"
                return self._differs(invoice, record.link.far_id)
            case State.VOIDED:
                return None if status in ("voided", "deleted") and not live else f"{status}, in QuickBooks: {live}"
            case State.IGNORED:
                fits = record.reason == status and not live
                return None if fits else f"HubSpot says {status} and QuickBooks holds {live}"
            case State.DELETED_IN_LEDGER:
                return None if book and book.deleted and not live else "nobody deleted it"
            case State.ATTENTION:
                return self._needless(AttentionCode(record.reason), invoice, status, record)
        return "that is no end"

    def _differs(self, invoice: Record, far_id: str) -> str | None:
        row = self._company.rows["Invoice"][far_id]
        here, there = books.in_hubspot(self._hubspot, invoice), books.in_quickbooks(row)
        customer = there.pop("customer")
        if not self._company.config.custom_txn_numbers:
            here["number"] = there["number"]
        if here != there:
            return f"HubSpot says {here} and QuickBooks {there}"
        party = books.billed_to(self._hubspot, invoice, contact_first=self._contact_first)
        found = self._company.rows["Customer"][customer]
        email = found.get("PrimaryEmailAddr", {}).get("Address")
        fits = party is not None and (
            str(found["DisplayName"]).startswith(_name(party)) or (email is not None and email == party.get("email"))
        )
        return None if fits else f"it was billed to {found['DisplayName']}"

    def _needless(self, code: AttentionCode, invoice: Record, status: str, record: SyncRecord) -> str | None:
        """None when the reason for attention is true."""
        row = self._company.rows["Invoice"].get(record.link.far_id) if record.link else None
        book = self._watch.books.get(record.link.far_id) if record.link else None
        truths: Mapping[AttentionCode, bool] = {
            AttentionCode.ITEM_MISSING: not self._settings.fallback_item_id and self._unknown_item(invoice),
            AttentionCode.DUPLICATE_NAME: self._name_held(invoice),
            AttentionCode.EDITED_IN_QUICKBOOKS: bool(row and book and book.theirs),
            AttentionCode.VOIDED_IN_QUICKBOOKS: bool(row and book and book.voided and status in ("open", "paid")),
            AttentionCode.DELETED_IN_HUBSPOT: status == "deleted" and bool(self._watch.live(invoice.id)),
            AttentionCode.VOID_OF_PAID_INVOICE: bool(row and status == "voided" and row["Deposit"] > 0),
            AttentionCode.TOTAL_BELOW_PAID: bool(
                row and Decimal(invoice.get("hs_amount_billed") or 0) < row["Deposit"]
            ),
            AttentionCode.DUPLICATE_NUMBER: self._number_held(invoice),
        }
        return None if truths.get(code) else f"that is not true: HubSpot says {status}, QuickBooks {row}"

    def _unknown_item(self, invoice: Record) -> bool:
        lines = books.linked(self._hubspot, invoice, LINE_ITEM)
        return any(
            line.get("hs_sku") not in _KNOWN_SKUS and (line.get("name") or "").lower() not in _KNOWN_NAMES
            for line in lines
        )

    def _name_held(self, invoice: Record) -> bool:
        party = books.billed_to(self._hubspot, invoice, contact_first=self._contact_first)
        if party is None:
            return False
        name = _name(party).casefold()
        rows = self._company.rows
        others = [one for kind in ("Vendor", "Employee") for one in rows[kind].values()]
        others += [one for one in rows["Customer"].values() if not one["Active"]]
        return any(str(one["DisplayName"]).casefold() == name for one in others)

    def _number_held(self, invoice: Record) -> bool:
        number = invoice.get("hs_number")
        rows = self._company.rows["Invoice"]
        return any(row.get("DocNumber") == number for id_, row in rows.items() if id_ not in self._watch.books)

    @property
    def _contact_first(self) -> bool:
        return self._settings.customer_level is CustomerLevel.CONTACT

    def _shown_wrong(self, invoice: Record, record: SyncRecord) -> str | None:
        quiet = record.reason in ("draft", "deleted")
        if not self._settings.write_status_to_hubspot or invoice.archived or quiet:
            return None
        status = shown_status(record, self._url(record.link.far_id) if record.link else "")
        shown = (invoice.get("tieout_status"), invoice.get("tieout_message") or "")
        if shown != (status.status.value, status.message):
            return f"HubSpot shows {shown}"
        shown = (invoice.get("tieout_quickbooks_number") or "", invoice.get("tieout_quickbooks_link") or "")
        return None if shown == (status.number, status.url) else f"HubSpot shows {shown}"


def _name(party: Record) -> str:
    if party.type.type_id == COMPANY:
        return party.get("name") or ""
    name = " ".join(text for text in (party.get("firstname"), party.get("lastname")) if text)
    return name or party.get("email") or ""
