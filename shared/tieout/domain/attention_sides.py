"""Which attention codes let a person take one side's values; of which values, the record's conflict says."""

from __future__ import annotations

from collections.abc import Mapping

from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import BOTH, Side

OFFERED: Mapping[AttentionCode, tuple[Side, ...]] = {
    AttentionCode.EDITED_IN_QUICKBOOKS: BOTH,
    AttentionCode.DELETED_IN_QUICKBOOKS: (Side.HUBSPOT,),
    AttentionCode.DELETED_IN_HUBSPOT: (Side.HUBSPOT,),
}
"""Of invoices that are born in HubSpot: taking HubSpot's side creates anew what was deleted in QuickBooks, and voids
there what was deleted in HubSpot."""

OFFERED_OF_MIRROR: Mapping[AttentionCode, tuple[Side, ...]] = {
    AttentionCode.EDITED_IN_HUBSPOT: BOTH,
    AttentionCode.DELETED_IN_HUBSPOT: (Side.QUICKBOOKS,),
    AttentionCode.DELETED_IN_QUICKBOOKS: (Side.QUICKBOOKS,),
    AttentionCode.VOIDED_IN_QUICKBOOKS: (Side.QUICKBOOKS,),
}
"""Of invoices that are born in QuickBooks: taking QuickBooks' side shows again what was deleted in HubSpot, and voids
in HubSpot what was deleted or voided in QuickBooks. Nothing in QuickBooks is voided or deleted for HubSpot."""


def sides_of(code: AttentionCode, *, mirrored: bool = False) -> tuple[Side, ...]:
    """The sides that this code offers at most; `mirrored`: of an invoice that is born in QuickBooks."""
    return (OFFERED_OF_MIRROR if mirrored else OFFERED).get(code, ())
