"""When a reason for attention, or for leaving an invoice out, is true: what the documentation promises, stated anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from tests.simulation import books
from tests.simulation.books import ZERO
from tests.simulation.facts import Facts
from tieout.domain.attention import AttentionCode
from tieout.domain.settings import ClosedPeriod, DeletedInHubSpot, TaxMode

Truth = Callable[[Facts], bool]
_LONGEST_MEMO, _LONGEST_FIELD = 1000, 31


def _item_missing(facts: Facts) -> bool:
    return not facts.settings.fallback_item_id and any(
        not any(item["Active"] for item in facts.items_for(line)) for line in facts.lines
    )


def _item_ambiguous(facts: Facts) -> bool:
    return any(sum(bool(item["Active"]) for item in facts.items_for(line)) > 1 for line in facts.lines)


def _inactive(facts: Facts) -> bool:
    items = [item for line in facts.lines for item in facts.items_for(line)]
    named = {facts.settings.fee_item_id, *facts.settings.fee_items.values()} if facts.billed.fees else set()
    items += [one for one in facts.company.rows["Item"].values() if one["Id"] in named]
    parties = [facts.party] if facts.party else []
    customers = [one for party in parties for one in facts.customers_named(party)]
    customers += [facts.company.rows["Customer"][facts.row["CustomerRef"]["value"]]] if facts.row else []
    return any(not one["Active"] for one in (*items, *customers))


def _name_held(facts: Facts) -> bool:
    """By a vendor, an employee, or a customer who is inactive or whose currency is another."""
    if facts.party is None:
        return False
    name, rows = books.name_of(facts.party).casefold(), facts.company.rows
    names = {name, f"{name} ({facts.billed.currency})".casefold()}
    others = [one for kind in ("Vendor", "Employee") for one in rows[kind].values()]
    others += [one for one in rows["Customer"].values() if not one["Active"]]
    home = facts.company.home_currency
    others += [
        one
        for one in rows["Customer"].values()
        if one.get("CurrencyRef", {}).get("value", home) != facts.billed.currency
    ]
    return any(str(one["DisplayName"]).casefold() in names for one in others)


def _customer_missing(facts: Facts) -> bool:
    return facts.party is None or not facts.settings.create_customers


def _customer_ambiguous(facts: Facts) -> bool:
    found = facts.customers_named(facts.party) if facts.party else []
    return sum(bool(one["Active"]) for one in found) > 1


def _number_held(facts: Facts) -> bool:
    """By a document of a person, or by one of ours that is void."""
    number = facts.invoice.get("hs_number")
    rows = facts.company.rows["Invoice"].items()
    return any(row.get("DocNumber") == number and (id_ not in facts.live) for id_, row in rows)


def _discount_unsupported(facts: Facts) -> bool:
    discount = sum((one.amount for one in facts.billed.discounts), ZERO)
    if discount > facts.billed.subtotal or any(net < 0 for net in facts.billed.nets):
        return True
    less = any(net != gross for net, gross in zip(facts.billed.nets, facts.billed.grosses, strict=True))
    of_stock = less and any(item["Type"] == "Inventory" for line in facts.lines for item in facts.items_for(line))
    allowed = facts.company.preference("SalesFormsPrefs", "AllowDiscount")
    return bool(discount or of_stock) and (not allowed or "AllowDiscount" in facts.turned)


def _fee_unsupported(facts: Facts) -> bool:
    settings = facts.settings
    return any(
        one.amount and settings.fee_items.get(one.label, settings.fee_item_id) is None for one in facts.billed.fees
    )


def _tax_unsupported(facts: Facts) -> bool:
    settings, abroad = facts.settings, not facts.company.us and facts.taxes_in_use
    no_untaxed_code = abroad and settings.untaxed_code is None
    orders = [one for one in facts.billed.taxes if one.amount]
    match settings.tax_mode:
        case TaxMode.NONE:
            return facts.taxed or facts.automated or no_untaxed_code
        case TaxMode.AS_ITEM:
            labels = [*facts.groups, *(one.label for one in orders)]
            items = [settings.tax_items.get(label or "", settings.tax_item_id) for label in labels]
            return no_untaxed_code or None in items
        case TaxMode.AUTOMATED if facts.automated:
            return any(not one.percent for one in orders)
        case TaxMode.AUTOMATED:
            return facts.taxed or no_untaxed_code
        case TaxMode.CODES if not facts.taxed:
            return no_untaxed_code
        case TaxMode.CODES:
            mixed = len(orders) > 1 or (orders and (facts.billed.line_tax or not orders[0].percent))
            names = {name or "" for name in (*facts.groups, *(one.label for one in orders))}
            unmapped = not names <= settings.tax_codes.keys()
            several = facts.company.us and len({settings.tax_codes.get(name) for name in names}) > 1
            unfit = facts.automated or not facts.taxes_in_use
            return bool(unfit or mixed or unmapped or several or no_untaxed_code)


def _currency_unsupported(facts: Facts) -> bool:
    return facts.foreign and (not facts.company.multicurrency or facts.rate is None)


def _text_too_long(facts: Facts) -> bool:
    texts = [facts.invoice.get("hs_purchase_order_number")] if facts.settings.purchase_order_field else []
    too_long = any(len(text or "") > _LONGEST_FIELD for text in texts)
    return too_long or len((facts.invoice.get("hs_comments") or "").strip()) > _LONGEST_MEMO


def _period_closed(facts: Facts) -> bool:
    """A new invoice that is held, or a change of one that stands in a closed period or would come to."""
    days = [facts.day] + ([date.fromisoformat(facts.row["TxnDate"])] if facts.row else [])
    held = facts.settings.closed_period is ClosedPeriod.HOLD or "BookCloseDate" in facts.turned
    standing = facts.row is not None and not books.dead(facts.row)
    return any(map(facts.closed, days)) and (standing or held)


def _total_differs(facts: Facts) -> bool:
    """Where QuickBooks computes a tax of its own it may come to another total, and what was just made is voided."""
    if _readable_in_two_ways(facts):
        return True
    own = facts.settings.tax_mode in (TaxMode.AUTOMATED, TaxMode.CODES) and facts.taxed
    if facts.row is None or not own:
        return False
    voided = books.dead(facts.row) and not (facts.book and facts.book.voided)
    return voided or abs(facts.row["TotalAmt"] - facts.billed.total) > facts.settings.variance_tolerance


def _readable_in_two_ways(facts: Facts) -> bool:
    """Several of a kind, of which a percentage: HubSpot does not say whether it is of what the one before left."""
    kinds = (facts.billed.discounts, facts.billed.fees, facts.billed.taxes)
    several = any(len(kind) > 1 and any(one.percent for one in kind) for kind in kinds)
    return several and facts.row is None and "in two ways" in facts.record.detail


def _total_below_paid(facts: Facts) -> bool:
    return facts.row is not None and facts.billed.total < books.paid(facts.row)


def _void_of_paid(facts: Facts) -> bool:
    gone = facts.status == "voided" or (
        facts.status == "deleted" and facts.settings.deleted_in_hubspot is DeletedInHubSpot.VOID
    )
    return facts.row is not None and gone and bool(facts.row["LinkedTxn"])


ATTENTION: Mapping[AttentionCode, Truth] = {
    AttentionCode.ITEM_MISSING: _item_missing,
    AttentionCode.ITEM_AMBIGUOUS: _item_ambiguous,
    AttentionCode.REFERENCE_INACTIVE: _inactive,
    AttentionCode.DUPLICATE_NAME: _name_held,
    AttentionCode.CUSTOMER_MISSING: _customer_missing,
    AttentionCode.CUSTOMER_AMBIGUOUS: _customer_ambiguous,
    AttentionCode.DUPLICATE_NUMBER: _number_held,
    AttentionCode.DISCOUNT_UNSUPPORTED: _discount_unsupported,
    AttentionCode.FEE_UNSUPPORTED: _fee_unsupported,
    AttentionCode.TAX_UNSUPPORTED: _tax_unsupported,
    AttentionCode.CURRENCY_UNSUPPORTED: _currency_unsupported,
    AttentionCode.TEXT_TOO_LONG: _text_too_long,
    AttentionCode.PERIOD_CLOSED: _period_closed,
    AttentionCode.TOTAL_DIFFERS: _total_differs,
    AttentionCode.TOTAL_BELOW_PAID: _total_below_paid,
    AttentionCode.VOID_OF_PAID_INVOICE: _void_of_paid,
    AttentionCode.EDITED_IN_QUICKBOOKS: lambda facts: bool(facts.row and facts.book and facts.book.theirs),
    AttentionCode.VOIDED_IN_QUICKBOOKS: lambda facts: bool(facts.finalised and facts.book and facts.book.voided),
    AttentionCode.DELETED_IN_HUBSPOT: lambda facts: facts.status == "deleted" and bool(facts.live),
}
"""What has to be true for each code; a code that is not here may not appear at all."""

IGNORED: Mapping[str, Truth] = {
    "draft": lambda facts: facts.status == "draft" and not facts.live,
    "voided": lambda facts: facts.status == "voided" and not facts.live,
    "deleted": lambda facts: facts.status == "deleted" and not facts.live,
    "deleted_in_hubspot": lambda facts: (
        facts.status == "deleted" and facts.settings.deleted_in_hubspot is DeletedInHubSpot.IGNORE
    ),
    "by_hand": lambda facts: facts.ignored,
    "filtered": lambda facts: bool(facts.settings.filters) and facts.title == "Internal" and not facts.live,
    "before_cutover": lambda facts: (
        facts.settings.cutover_date is not None and facts.day < facts.settings.cutover_date and not facts.live
    ),
    "period_closed": lambda facts: (
        facts.settings.closed_period is ClosedPeriod.IGNORE and facts.closed(facts.day) and not facts.live
    ),
    "switched_off": lambda facts: not facts.settings.push_invoices,
}
