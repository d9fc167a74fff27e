"""The proof of QuickBooks' own invoices: each stands in HubSpot once, and says there what it says in QuickBooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.local.demo.deal import Desk
from infra.local.demo.entry import Entry, Mirrored
from infra.local.demo.proof import shipping_of, unpaired
from infra.local.demo.story import METHOD, ORDER, TRACKING
from tieout.domain.attention import AttentionCode
from tieout.domain.attention_mirrors import OF_MIRROR

_KEY = "tieout_quickbooks_key"
_INVOICE = (
    _KEY,
    "hs_number",
    "hs_amount_billed",
    "hs_invoice_status",
    "hs_invoice_date",
    "hs_due_date",
    "hs_comments",
    "hs_currency",
    "tieout_status",
    "tieout_message",
    ORDER,
    TRACKING,
    METHOD,
)
_DEAL = ("dealname", "tieout_invoice_number", "tieout_invoice_status", "tieout_invoice_amount")
_PARTS = {"line_items": "amount", "discounts": "hs_value", "taxes": "hs_value"}
Values = Mapping[str, str | None]


@dataclass(frozen=True)
class EntryFinding:
    """One invoice on both sides, in words. `problem` is empty when everything is as it must be."""

    entry: Entry
    quickbooks: str
    hubspot: str
    belongs: str
    status: str
    message: str
    problem: str


@dataclass(frozen=True)
class _Seen:
    """What HubSpot has: mirrors by QuickBooks id, and by mirror what its parts come to, its companies, contacts and
    deals, by name. `deals` are by id, `pdfs` the deals with a note."""

    mirrors: Mapping[str, Sequence[Mapping[str, Any]]]
    parts: Mapping[str, Mapping[str, Sequence[Decimal]]]
    names: Mapping[str, Mapping[str, Sequence[str]]]
    deals: Mapping[str, Values]
    pdfs: frozenset[str]


def prove_entries(desk: Desk, entries: Sequence[Entry], number: int) -> list[EntryFinding]:
    """Compare both sides with what must stand after that round. What is not there yet is no news."""
    begun = [(one, wanted) for one in entries if (wanted := one.then(number)) is not None]
    if not begun:
        return []
    seen = _look(desk)
    rows = {one["Id"]: one for one in desk.quickbooks.query("Invoice")}
    findings = [_examine(seen, one, wanted, rows.get(one.id)) for one, wanted in begun]
    strange = seen.mirrors.keys() - {one.id for one, _ in begun}
    if strange:
        nobody = Entry("invoices that nobody entered in QuickBooks", "", ())
        findings.append(EntryFinding(nobody, "", f"{len(strange)}", "", "", "", "extra"))
    return findings


def unexpected_entries(named: Mapping[str, Sequence[str]], entries: Sequence[Entry]) -> list[str]:
    """What is wrong with a tie-out that names these QuickBooks invoices, with reasons."""
    wanted = {one.id: one.what for one in entries if one.turns and one.turns[-1].then.code}
    silent = [f"not named: {what}" for id_, what in wanted.items() if id_ not in named]
    return silent + [f"QuickBooks invoice {id_}: {' '.join(why)}" for id_, why in named.items() if id_ not in wanted]


def _look(desk: Desk) -> _Seen:
    hubspot = desk.hubspot
    found = hubspot.search("invoices", "hs_invoice_billable", "false", _INVOICE)
    mirrors: dict[str, list[Mapping[str, Any]]] = {}
    for id_, values in found.items():
        key = values.get(_KEY) or "//"
        mirrors.setdefault(key.split("/")[2], []).append({"id": id_, **values})
    ids = list(found)
    parts: dict[str, dict[str, list[Decimal]]] = {id_: {} for id_ in ids}
    for kind, amount in _PARTS.items():
        linked = hubspot.linked("invoices", ids, kind)
        read = hubspot.read(kind, [one for some in linked.values() for one in some], (amount,))
        for id_, some in linked.items():
            parts[id_][kind] = [Decimal(read[one].get(amount) or 0) for one in some if one in read]
    names: dict[str, dict[str, list[str]]] = {id_: {} for id_ in ids}
    for kind, called in (("companies", "name"), ("contacts", "email")):
        linked = hubspot.linked("invoices", ids, kind)
        read = hubspot.read(kind, [one for some in linked.values() for one in some], (called,))
        for id_, some in linked.items():
            names[id_][kind] = [read[one].get(called) or "" for one in some if one in read]
    linked = hubspot.linked("invoices", ids, "deals")
    deals = hubspot.read("deals", sorted({one for some in linked.values() for one in some}), _DEAL)
    for id_, some in linked.items():
        names[id_]["deals"] = [one for one in some if one in deals]
    noted = hubspot.linked("deals", list(deals), "notes")
    return _Seen(mirrors, parts, names, deals, frozenset(id_ for id_, some in noted.items() if some))


def _examine(seen: _Seen, entry: Entry, wanted: Mirrored, row: Mapping[str, Any] | None) -> EntryFinding:
    mirrors = seen.mirrors.get(entry.id, ())
    told = f"{row.get('DocNumber', '')} {row['TotalAmt']:,}".strip() if row is not None else "deleted"
    if len(mirrors) != 1:
        return EntryFinding(entry, told, "-", "", "", "", f"stands {len(mirrors)} times in HubSpot")
    mirror = mirrors[0]
    entry.mirror = mirror["id"]
    belongs = [*seen.names[entry.mirror].get("companies", ()), *seen.names[entry.mirror].get("contacts", ())]
    deals = [seen.deals[id_].get("dealname") or "" for id_ in seen.names[entry.mirror].get("deals", ())]
    return EntryFinding(
        entry,
        told,
        f"{mirror['hs_number'] or ''} {Decimal(mirror['hs_amount_billed'] or 0):,}, {mirror['hs_invoice_status']}",
        "; ".join([*belongs, *deals]),
        mirror["tieout_status"] or "",
        mirror["tieout_message"] or "",
        "; ".join(_problems(seen, entry, wanted, row, mirror)),
    )


def _problems(
    seen: _Seen, entry: Entry, wanted: Mirrored, row: Mapping[str, Any] | None, mirror: Mapping[str, Any]
) -> Iterator[str]:
    if mirror["tieout_status"] != wanted.says:
        yield f"HubSpot shows {mirror['tieout_status'] or 'no status'}"
    if mirror["hs_invoice_status"] != wanted.status:
        yield f"it is {mirror['hs_invoice_status']} in HubSpot"
    if wanted.code and not (mirror["tieout_message"] or "").startswith(OF_MIRROR[AttentionCode(wanted.code)].summary):
        yield f"HubSpot does not say {wanted.code}"
    names = seen.names[mirror["id"]]
    if entry.customer not in names.get("companies", ()):
        yield f"its company is {names.get('companies')}"
    if entry.email and entry.email not in names.get("contacts", ()):
        yield f"its contact is {names.get('contacts')}"
    yield from _on_deals(seen, wanted, row, names.get("deals", ()))
    if row is not None and row["TotalAmt"] and not entry.deleted:
        yield from _figures(seen, entry, wanted, row, mirror)


def _on_deals(seen: _Seen, wanted: Mirrored, row: Mapping[str, Any] | None, ids: Sequence[str]) -> Iterator[str]:
    called = [seen.deals[id_].get("dealname") or "" for id_ in ids]
    if called != ([wanted.deal] if wanted.deal else []):
        yield f"its deals are {called}"
        return
    for id_ in ids:
        shown = seen.deals[id_]
        if shown.get("tieout_invoice_status") != wanted.on_deal:
            yield f"the deal shows {shown.get('tieout_invoice_status')}"
        if row is not None and shown.get("tieout_invoice_number") != row.get("DocNumber"):
            yield f"the deal shows invoice {shown.get('tieout_invoice_number')}"
        if wanted.pdf and id_ not in seen.pdfs:
            yield "its PDF is not on the deal"


def _figures(
    seen: _Seen, entry: Entry, wanted: Mirrored, row: Mapping[str, Any], mirror: Mapping[str, Any]
) -> Iterator[str]:
    """Whether HubSpot says what QuickBooks says, and its parts come to the total."""
    facts = {
        "total": (Decimal(row["TotalAmt"]), Decimal(mirror["hs_amount_billed"] or 0)),
        "currency": (entry.currency, mirror["hs_currency"]),
        "invoice date": (row["TxnDate"], (mirror["hs_invoice_date"] or "")[:10]),
        "due date": (row.get("DueDate", row["TxnDate"]), (mirror["hs_due_date"] or "")[:10]),
    }
    if not wanted.edited:
        facts["number"] = (row.get("DocNumber"), mirror["hs_number"])
        facts["comments"] = (row.get("CustomerMemo", {}).get("value", ""), mirror["hs_comments"] or "")
    parts = seen.parts[mirror["id"]]
    sums = {kind: sum(parts.get(kind, ()), Decimal(0)) for kind in _PARTS}
    facts["parts"] = (Decimal(row["TotalAmt"]), sums["line_items"] - sums["discounts"] + sums["taxes"])
    facts["tax"] = (Decimal(row["TxnTaxDetail"]["TotalTax"]), sums["taxes"])
    sold = [line for line in row["Line"] if line["DetailType"] == "SalesItemLineDetail" and line["Amount"] >= 0]
    facts["lines"] = (len(sold), len(parts.get("line_items", ())))
    facts["shipping"] = (wanted.shipped, shipping_of(row))
    yield from (f"{name} is {has}, not {is_}" for name, (is_, has) in facts.items() if is_ != has)
    if paired := unpaired(mirror, row):
        yield paired
