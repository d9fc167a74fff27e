"""What is told of invoices that are born in QuickBooks, where `attention.ATTENTION` speaks of those of HubSpot."""

from __future__ import annotations

from tieout.domain.attention import AttentionCode, Explanation

OF_MIRROR = {
    AttentionCode.DELETED_IN_QUICKBOOKS: Explanation(
        "This invoice came from QuickBooks and was deleted there; it still stands in HubSpot.",
        "Void or delete it in HubSpot, or choose what deleted_in_quickbooks does, then retry this invoice.",
    ),
    AttentionCode.VOIDED_IN_QUICKBOOKS: Explanation(
        "This invoice came from QuickBooks and was voided there; it still stands in HubSpot.",
        "Void it in HubSpot, or choose what voided_in_quickbooks does, then retry this invoice.",
    ),
    AttentionCode.DELETED_IN_HUBSPOT: Explanation(
        "This invoice came from QuickBooks and was deleted in HubSpot; it still stands in QuickBooks.",
        "Retry to show it in HubSpot again, or ignore this invoice.",
    ),
    AttentionCode.EDITED_IN_HUBSPOT: Explanation(
        "Somebody changed this invoice in HubSpot, which came from QuickBooks.",
        "Decide which value is right (both are in the details) and take HubSpot's or QuickBooks', or enter it on the "
        "other side, then retry this invoice.",
    ),
    AttentionCode.TOTAL_DIFFERS: Explanation(
        "HubSpot cannot show this QuickBooks invoice: its lines, discounts and tax do not come to its total, or its "
        "tax is negative.",
        "Look at the invoice's lines in QuickBooks, then retry this invoice.",
    ),
}
"""What is told of an invoice that is born in QuickBooks."""
