"""What a sweep over both systems would find, as the worlds of invoices need it; those of money run the real one."""

from __future__ import annotations

from datetime import datetime

from tests.simulation import books
from tests.simulation.office import CONNECTION
from tests.simulation.scene import Scene
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import Kind


def changed_since(scene: Scene, since: datetime) -> list[Hint]:
    """Hints at all that changed in either system since then."""
    hints = []
    for id_, invoice in books.invoices(scene.hubspot).items():
        at = invoice.archived or invoice.updated
        if at >= since:
            hints.append(Hint(CONNECTION, HintObject.HUBSPOT_INVOICE, id_, at, Cause.SWEEP, "sweep"))
    # Change data capture gives the documents themselves, so our own writes are told by their SyncToken.
    known = {
        one.link.far_id: one.link.sync_token
        for one in scene.watch.records
        if one.key.kind is Kind.INVOICE and one.link is not None
    }
    for id_, row in scene.quickbooks.company.rows["Invoice"].items():
        at = datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"])
        if at >= since and row["SyncToken"] != known.get(id_):
            hints.append(Hint(CONNECTION, HintObject.QUICKBOOKS_INVOICE, id_, at, Cause.SWEEP, "sweep"))
    for id_, deleted_at in scene.deletions.items():
        if deleted_at >= since:
            hints.append(Hint(CONNECTION, HintObject.QUICKBOOKS_INVOICE, id_, deleted_at, Cause.SWEEP, "sweep"))
    return hints
