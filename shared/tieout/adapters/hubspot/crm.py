"""HubSpot as the `Crm` of one connection."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime

from tieout.adapters.hubspot import (
    attachments,
    changes,
    companies,
    dated,
    deals,
    directory,
    fees,
    field_values,
    mirrored_invoices,
    recording,
)
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.invoices import read_invoices
from tieout.adapters.hubspot.payments import PAYMENTS, read_payments, read_payments_of
from tieout.adapters.hubspot.properties import (
    Described,
    create_fields,
    describe,
    ensure_properties,
    missing_properties,
    undefined_properties,
)
from tieout.adapters.hubspot.statuses import status_properties
from tieout.adapters.hubspot.updates import PropertyWriter
from tieout.adapters.hubspot.wire import AccountDetails, RecordPage, StoredFile
from tieout.domain.attention import AttentionCode
from tieout.domain.company import Connection, CrmAccount
from tieout.domain.customer import Candidate
from tieout.domain.errors import ConnectionLost, NeedsAttention, OutcomeUnknown, Transient
from tieout.domain.invoice import SourceInvoice, UnreadableInvoice
from tieout.domain.mirrored_invoice import MirrorContent, StandingMirror, SyncedInvoice
from tieout.domain.payment import SourcePayment, UnreadablePayment
from tieout.domain.planning.deal import Deal, DealInvoice
from tieout.domain.status import ShownStatus
from tieout.ports.attachments import NoteText
from tieout.ports.dated import DatedInvoice
from tieout.ports.payments import ChangePage, Feed, RecordedPayment
from tieout.ports.writes import PreparedWrite

_NEEDED_OBJECTS = ("invoices", "line_items", "contacts", "companies", "discounts", "fees", "taxes")


class HubSpotCrm:
    """Fulfils `Crm`, and a few calls more for the command line."""

    def __init__(self, connection: Connection, client: HubSpotClient) -> None:
        self._connection = connection
        self._client = client
        self._mirrors = mirrored_invoices.MirrorWriter(client, connection.portal_time_zone)
        self._recorder = recording.PaymentRecorder(client, self._currency)

    def invoices(
        self, ids: Collection[str], extra_properties: Collection[str] = ()
    ) -> Mapping[str, SourceInvoice | UnreadableInvoice]:
        """See `Crm.invoices`. At most 13 calls for up to 100 invoices with up to 100 lines in all."""
        return read_invoices(self._client, self._connection.portal_time_zone, ids, extra_properties)

    def invoices_since(self, day: date) -> Iterator[Sequence[DatedInvoice]]:
        """See `DatedCrm.invoices_since`."""
        return dated.invoices_since(self._client, self._connection.portal_time_zone, day)

    def show_statuses(self, statuses: Mapping[str, ShownStatus]) -> Mapping[str, str]:
        """See `Crm.show_statuses`."""
        return PropertyWriter(self._client).write({id_: status_properties(one) for id_, one in statuses.items()})

    def properties_of(self, ids: Collection[str], names: Collection[str]) -> Mapping[str, Mapping[str, str | None]]:
        """See `FieldCrm.properties_of`."""
        return field_values.read_properties(self._client, ids, names)

    def write_properties(self, values: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
        """See `FieldCrm.write_properties`."""
        return field_values.write_properties(self._client, values)

    def deals_of(self, object_type: str, ids: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """See `DealCrm.deals_of`."""
        return deals.deals_of(self._client, object_type, ids)

    def deals(self, ids: Collection[str], order_property: str | None = None) -> Mapping[str, Deal]:
        """See `DealCrm.deals`."""
        return deals.read_deals(self._client, self._connection.portal_time_zone, ids, order_property)

    def deals_by_order(self, order_property: str, numbers: Collection[str]) -> Sequence[Deal]:
        """See `DealCrm.deals_by_order`."""
        return deals.deals_by_order(self._client, self._connection.portal_time_zone, order_property, numbers)

    def associate_deals(self, deal_ids: Mapping[str, str]) -> Mapping[str, str]:
        """See `DealCrm.associate_deals`."""
        return deals.associate(self._client, deal_ids)

    def invoices_of_deals(self, deal_ids: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """See `DealCrm.invoices_of_deals`."""
        return deals.invoices_of(self._client, deal_ids)

    def show_on_deals(self, invoices: Mapping[str, DealInvoice | None]) -> Mapping[str, str]:
        """See `DealCrm.show_on_deals`."""
        return deals.show(self._client, invoices)

    def keep_file(self, name: str, content: bytes, file_id: str | None) -> str:
        """See `AttachmentCrm.keep_file`."""
        return attachments.keep_file(self._client, name, content, file_id)

    def delete_file(self, file_id: str) -> None:
        """See `AttachmentCrm.delete_file`."""
        attachments.delete_file(self._client, file_id)

    def find_note(self, object_type: str, object_id: str, mark: str) -> str | None:
        """See `AttachmentCrm.find_note`."""
        return attachments.find_note(self._client, object_type, object_id, mark)

    def has_note(self, note_id: str) -> bool:
        """See `AttachmentCrm.has_note`."""
        return attachments.has_note(self._client, note_id)

    def create_note(self, object_type: str, object_ids: Sequence[str], note: NoteText) -> str:
        """See `AttachmentCrm.create_note`."""
        return attachments.create_note(self._client, object_type, object_ids, note)

    def update_note(self, note_id: str, note: NoteText) -> None:
        """See `AttachmentCrm.update_note`."""
        attachments.update_note(self._client, note_id, note)

    def delete_note(self, note_id: str) -> None:
        """See `AttachmentCrm.delete_note`."""
        attachments.delete_note(self._client, note_id)

    def payments(self, ids: Collection[str]) -> Mapping[str, SourcePayment | UnreadablePayment]:
        """See `PaymentCrm.payments`."""
        return read_payments(self._client, ids, self._currency)

    def payments_of(self, invoice_ids: Collection[str]) -> Mapping[str, tuple[SourcePayment | UnreadablePayment, ...]]:
        """See `PaymentCrm.payments_of`."""
        return read_payments_of(self._client, invoice_ids, self._currency)

    def initiated_between(
        self, start: datetime, end: datetime
    ) -> Iterator[Sequence[SourcePayment | UnreadablePayment]]:
        """See `PaymentCrm.initiated_between`. As few calls as pages of 200 take."""
        return fees.initiated_between(self._client, start, end, self._currency)

    def refunded_since(self, start: datetime) -> Iterator[Sequence[SourcePayment | UnreadablePayment]]:
        """See `PaymentCrm.refunded_since`."""
        return fees.refunded_since(self._client, start, self._currency)

    def prepare_payment(self, payment: RecordedPayment) -> PreparedWrite:
        """See `recording.create_body`."""
        return PreparedWrite(recording.create_body(payment, self._connection.portal_time_zone))

    def prepare_payment_update(self, payment: RecordedPayment) -> PreparedWrite:
        """See `recording.update_body`."""
        return PreparedWrite(recording.update_body(payment, self._connection.portal_time_zone))

    def record_payment(self, write: PreparedWrite) -> SourcePayment:
        """Send it."""
        return self._recorder.create(write.body)

    def update_payment(self, id_: str, write: PreparedWrite) -> SourcePayment:
        """Send it."""
        return self._recorder.update(id_, write.body)

    def delete_payment(self, id_: str) -> None:
        """See `PaymentCrm.delete_payment`."""
        self._recorder.delete(id_)

    def mirrors(self, ids: Collection[str], properties: Collection[str] = ()) -> Mapping[str, StandingMirror]:
        """See `MirrorCrm.mirrors`. At most nine calls for up to 100 invoices with up to 100 lines in all."""
        return mirrored_invoices.read_mirrors(self._client, self._connection.portal_time_zone, ids, properties)

    def mirrors_by_key(self, keys: Collection[str]) -> Mapping[str, str]:
        """See `MirrorCrm.mirrors_by_key`."""
        return mirrored_invoices.find_by_key(self._client, keys)

    def prepare_mirror(self, content: MirrorContent, key: str) -> PreparedWrite:
        """See `mirrored_invoices.create_body`."""
        return PreparedWrite(mirrored_invoices.create_body(content, key))

    def create_mirror(self, write: PreparedWrite) -> StandingMirror:
        """Send it."""
        return self._mirrors.create(write.body)

    def fill_mirror(
        self, standing: StandingMirror, content: MirrorContent, before: MirrorContent | None
    ) -> datetime | None:
        """See `MirrorCrm.fill_mirror`. Two calls for a new invoice without discount and tax."""
        return self._mirrors.fill(standing, content, before)

    def synced_invoices(self, numbers: Collection[str]) -> Mapping[str, tuple[SyncedInvoice, ...]]:
        """See `MirrorCrm.synced_invoices`."""
        return directory.synced_invoices(self._client, numbers)

    def contacts_by_email(self, emails: Collection[str]) -> Mapping[str, str]:
        """See `MirrorCrm.contacts_by_email`."""
        return directory.contacts_by_email(self._client, emails)

    def companies_named(self, names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """See `MirrorCrm.companies_named`."""
        return directory.named(self._client, "companies", "name", names)

    def create_company(self, key: str, name: str) -> str:
        """See `MirrorCrm.create_company`."""
        return companies.create(self._client, key, name)

    def create_contact(self, email: str, name: str) -> str:
        """See `MirrorCrm.create_contact`."""
        return directory.create_contact(self._client, email, name)

    def products(self, skus: Collection[str], names: Collection[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """See `MirrorCrm.products`."""
        by_sku = directory.only_ones(self._client, "products", "hs_sku", skus)
        return by_sku, directory.only_ones(self._client, "products", "name", names)

    def search_companies(self, text: str) -> Sequence[Candidate]:
        """See `CrmDirectory.search_companies`."""
        return directory.search(self._client, "companies", text, "domain")

    def search_products(self, text: str) -> Sequence[Candidate]:
        """See `CrmDirectory.search_products`."""
        return directory.search(self._client, "products", text, "hs_sku")

    def changed(self, feed: Feed, since: datetime, after: str | None = None) -> ChangePage:
        """See `CrmChanges.changed`."""
        return changes.changed(self._client, feed, since, after)

    def archived(self, feed: Feed, after: str | None = None) -> ChangePage:
        """See `CrmChanges.archived`."""
        return changes.archived(self._client, feed, after)

    def _currency(self) -> str:
        return self.account().currency

    def account(self) -> CrmAccount:
        """See `Crm.account`."""
        details = self._client.get(self._client.versions.account_path(), AccountDetails)
        return CrmAccount(details.portal_id, details.time_zone, details.currency)

    def unreadable_objects(self, *, payments: bool = True) -> tuple[str, ...]:
        """Which kinds of record that an invoice needs, and payments if they are wanted, the token may not read."""
        needed = (*_NEEDED_OBJECTS, PAYMENTS) if payments else _NEEDED_OBJECTS
        return tuple(kind for kind in needed if not self.may_read(kind))

    def may_read(self, kind: str) -> bool:
        """Whether the token may read records of this kind."""
        path = self._client.versions.objects_path(f"{kind}?limit=1")
        try:
            self._client.get(path, RecordPage)
        except ConnectionLost as lost:
            # A token that is not valid at all is another finding.
            if lost.context.get("status") != "403":
                raise
            return False
        return True

    def may_read_files(self) -> bool:
        """Whether the token may use the file manager."""
        try:
            # That no file has this id is an answer, too.
            self._client.get(self._client.versions.files_path("1"), StoredFile)
        except ConnectionLost as lost:
            if lost.context.get("status") != "403":
                raise
            return False
        except Transient as missing:
            if missing.context.get("status") != "404":
                raise
        return True

    def missing_properties(self) -> tuple[str, ...]:
        """Which of Tieout's invoice properties the portal lacks."""
        return missing_properties(self._client)

    def missing_deal_properties(self, *more: str | None) -> tuple[str, ...]:
        """Which of Tieout's deal properties, and of these others, the portal lacks."""
        return deals.missing_deal_properties(self._client, *filter(None, more))

    def last_of_data_sync(self, since: datetime) -> datetime | None:
        """When an invoice that HubSpot's own data sync brought was changed last, None when none was since then."""
        return changes.last_of_data_sync(self._client, since)

    def undefined_properties(self, names: Collection[str]) -> tuple[str, ...]:
        """Which of these invoice properties (HubSpot internal names) the portal does not have."""
        return undefined_properties(self._client, names)

    def described(self, names: Collection[str]) -> Mapping[str, Described]:
        """See `properties.describe`."""
        return describe(self._client, names)

    def create_fields(self, wanted: Mapping[str, bool]) -> tuple[str, ...]:
        """See `properties.create_fields`. Raises as any read: a repetition does no harm."""
        try:
            return create_fields(self._client, wanted)
        except OutcomeUnknown as error:
            raise Transient(error.detail, error.context) from error

    def ensure_properties(self) -> tuple[str, ...]:
        """Create those; returns their names. Raises as any read: a repetition does no harm."""
        try:
            return ensure_properties(self._client)
        except OutcomeUnknown as error:
            raise Transient(error.detail, error.context) from error

    def invoice_id_by_number(self, number: str) -> str | None:
        """The HubSpot id of the invoice with this number, None when no live invoice bears it.

        HubSpot's search lags a little behind its records. Raises NeedsAttention when several bear the number.
        """
        body = {
            "filterGroups": [{"filters": [{"propertyName": "hs_number", "operator": "EQ", "value": number}]}],
            "properties": ["hs_number"],
            "limit": 10,
        }
        page = self._client.search(self._client.versions.objects_path("invoices/search"), body, RecordPage)
        # Search ignores case and may match by words.
        ids = [record.id for record in page.results if record.properties.get("hs_number") == number]
        if len(ids) > 1:
            raise NeedsAttention(
                f"Several HubSpot invoices bear the number {number}: {', '.join(ids)}.",
                {"system": "hubspot"},
                code=AttentionCode.REFUSED_BY_HUBSPOT,
            )
        return ids[0] if ids else None
