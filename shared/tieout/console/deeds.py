"""What the trail of a record says was done, in a visitor's language.

The trail keeps English phrases (`ports.AuditEntry.action`), so that an export reads the same for everybody. A phrase
that is not here, of another version perhaps, stays English.
"""

from __future__ import annotations

from tieout.console.language import Language, message

_FOUND = " (found after a lost answer)"
_FOUND_TOLD = message("{deed} (found after a lost answer)")

DEEDS = frozenset(
    {
        message("created invoice"),
        message("updated invoice"),
        message("voided invoice"),
        message("adopted invoice"),
        message("created mirrored invoice"),
        message("wrote mirrored invoice"),
        message("wrote HubSpot's values to QuickBooks"),
        message("wrote HubSpot's fields to QuickBooks"),
        message("wrote QuickBooks' fields to HubSpot"),
        message("created payment"),
        message("updated payment"),
        message("took back payment"),
        message("deleted payment"),
        message("created sales receipt"),
        message("updated sales receipt"),
        message("took back sales receipt"),
        message("deleted sales receipt"),
        message("created refund receipt"),
        message("updated refund receipt"),
        message("took back refund receipt"),
        message("deleted refund receipt"),
        message("created credit memo"),
        message("updated credit memo"),
        message("took back credit memo"),
        message("deleted credit memo"),
        message("created application"),
        message("updated application"),
        message("took back application"),
        message("deleted application"),
        message("adopted payment"),
        message("recorded payment"),
        message("corrected recorded payment"),
        message("deleted recorded payment"),
        message("confirmed refund"),
        message("took HubSpot's values"),
        message("took QuickBooks's values"),
        message("asked to look again at invoice"),
        message("asked to look again at payment"),
        message("asked to look again at refund"),
        message("resolved invoice"),
        message("resolved payment"),
        message("resolved refund"),
        message("ignored invoice"),
        message("ignored payment"),
        message("ignored refund"),
        message("undid invoice"),
        message("undid payment"),
    }
)
"""Every phrase that the trail of an invoice, a payment or a refund may hold."""


def told(language: Language, action: str) -> str:
    """An action of the trail."""
    deed = action.removesuffix(_FOUND)
    if deed not in DEEDS:
        return action
    found = language.say(deed)
    return language.say(_FOUND_TOLD, deed=found) if deed != action else found
