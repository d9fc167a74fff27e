"""What the services need of HubSpot to show invoices there that were born in QuickBooks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from tieout.domain.mirrored_invoice import MirrorContent, StandingMirror, SyncedInvoice
from tieout.ports.writes import PreparedWrite


class MirrorCrm(Protocol):
    """HubSpot's non-billable invoices, for one connection. Reads raise Transient, RateLimited or ConnectionLost, never
    turning a failure into an absence; writes raise besides OutcomeUnknown when the answer was lost, and NeedsAttention.
    """

    def mirrors(self, ids: Collection[str], properties: Collection[str] = ()) -> Mapping[str, StandingMirror]:
        """These invoices with lines and adjustments, drafts too, in grouped calls; a deleted one is absent.
        `properties` (HubSpot internal names) are read besides."""
        ...

    def mirrors_by_key(self, keys: Collection[str]) -> Mapping[str, str]:
        """HubSpot ids by the unique key that the mirrors bear; a key that none bears is absent."""
        ...

    def prepare_mirror(self, content: MirrorContent, key: str) -> PreparedWrite:
        """The body that creates the draft of this mirror, with its parties and without lines."""
        ...

    def create_mirror(self, write: PreparedWrite) -> StandingMirror:
        """Send it. When an invoice bears the key already, that one is the answer."""
        ...

    def fill_mirror(
        self, standing: StandingMirror, content: MirrorContent, before: MirrorContent | None
    ) -> datetime | None:
        """Turn what stands there into `content`: lines and adjustments first, then the invoice itself with its status.
        Parties of `before` that `content` no longer names are let go. Gives HubSpot's time of the last write. Raises
        NotInCrm when the invoice was deleted meanwhile."""
        ...

    def synced_invoices(self, numbers: Collection[str]) -> Mapping[str, tuple[SyncedInvoice, ...]]:
        """Invoices with these numbers that HubSpot's own data sync brought, by number."""
        ...

    def contacts_by_email(self, emails: Collection[str]) -> Mapping[str, str]:
        """Contact ids by lower-case e-mail."""
        ...

    def companies_named(self, names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """The ids of the companies that bear each of these names to the letter; a name that none bears is absent."""
        ...

    def create_contact(self, email: str, name: str) -> str:
        """The id of a contact with this e-mail, a new one unless there is one: HubSpot holds each address once, so a
        repetition does no harm and an unknown outcome is Transient."""
        ...

    def create_company(self, key: str, name: str) -> str:
        """The id of the company that bears the unique `key`, a new one of this name unless there is one; so a
        repetition does no harm and an unknown outcome is Transient. The property of keys is created when absent."""
        ...

    def products(self, skus: Collection[str], names: Collection[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Product ids by SKU and by name, of those that exactly one product bears."""
        ...
