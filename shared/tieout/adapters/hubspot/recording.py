"""Recording payments in HubSpot that were received elsewhere (HubSpot: commerce payments)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.faults import NOT_FOUND, RECORDING_REFUSALS, RecordingRefusal, Refused
from tieout.adapters.hubspot.payments import PAYMENTS, understand
from tieout.adapters.hubspot.wire import Record
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import ConnectionLost, NeedsAttention, NotInCrm, OutcomeUnknown, Transient
from tieout.domain.payment import PaymentStatus, Processor, SourcePayment
from tieout.ports.payments import RecordedPayment

# Payment to invoice and to contact (HubSpot: associations).
_TO_INVOICE, _TO_CONTACT = 542, 387
_NOON = time(12)


def create_body(payment: RecordedPayment, time_zone: str) -> str:
    """The body that records the payment; equal arguments give equal bytes. `time_zone` is the portal's (IANA)."""
    said = {name: text for name, text in _properties(payment, time_zone).items() if text}
    associated = [_association(payment.invoice_id, _TO_INVOICE)]
    if payment.contact_id is not None:
        associated.append(_association(payment.contact_id, _TO_CONTACT))
    return json.dumps({"properties": said, "associations": associated})


def update_body(payment: RecordedPayment, time_zone: str) -> str:
    """The body that makes a recorded payment say this; what it does not say any more is cleared by an empty text."""
    return json.dumps({"properties": _properties(payment, time_zone)})


def _properties(payment: RecordedPayment, time_zone: str) -> dict[str, str]:
    # Noon is the same day nearly everywhere; midnight would show as the day before west of it.
    at = datetime.combine(payment.day, _NOON, ZoneInfo(time_zone)).astimezone(UTC)
    refunded = payment.refunded is not None and payment.refunded.amount > 0
    part = PaymentStatus.REFUNDED if payment.refunded == payment.amount else PaymentStatus.PARTIALLY_REFUNDED
    return {
        "hs_initial_amount": format(payment.amount.amount, "f"),
        "hs_initiated_date": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "hs_currency_code": payment.amount.currency,
        "hs_payment_method_type": payment.method or "",
        "hs_processor_type": Processor.QUICKBOOKS.value,
        "hs_reference_number": payment.reference or "",
        "hs_latest_status": (part if refunded else PaymentStatus.SUCCEEDED).value,
        "hs_refunds_amount": format(payment.refunded.amount, "f") if payment.refunded and refunded else "",
        "hs_internal_comment": payment.marker,
    }


def _association(id_: str, type_id: int) -> Mapping[str, object]:
    return {"to": {"id": id_}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]}


class PaymentRecorder:
    """Sends what was prepared, for one portal. `refusals` tell that the account takes no recorded payments at all."""

    def __init__(
        self,
        client: HubSpotClient,
        account_currency: Callable[[], str],
        refusals: Sequence[RecordingRefusal] = RECORDING_REFUSALS,
    ) -> None:
        self._client = client
        self._account_currency = account_currency
        self._refusals = refusals

    def create(self, body: str) -> SourcePayment:
        """See `PaymentCrm.record_payment`."""
        sent = json.loads(body)
        record = self._write(self._client.versions.objects_path(PAYMENTS), sent, "POST")
        invoices = tuple(
            one["to"]["id"]
            for one in sent["associations"]
            if any(type_["associationTypeId"] == _TO_INVOICE for type_ in one["types"])
        )
        return self._answered(record, sent["properties"], invoices)

    def update(self, id_: str, body: str) -> SourcePayment:
        """See `PaymentCrm.update_payment`."""
        sent = json.loads(body)
        try:
            record = self._write(self._path(id_), sent, "PATCH")
        except Refused as refused:
            if NOT_FOUND in refused.codes:
                raise NotInCrm(refused.detail, refused.context) from refused
            raise
        return self._answered(record, sent["properties"], ())

    def delete(self, id_: str) -> None:
        """See `PaymentCrm.delete_payment`."""
        try:
            self._client.delete(self._path(id_))
        except OutcomeUnknown as lost:
            raise Transient(lost.detail, lost.context) from lost
        except (ConnectionLost, Refused) as refused:
            if isinstance(refused, Refused) and NOT_FOUND in refused.codes:
                return
            self._raise_when_recording_is_refused(refused)
            raise

    def _path(self, id_: str) -> str:
        return self._client.versions.objects_path(f"{PAYMENTS}/{id_}")

    def _write(self, path: str, body: object, method: str) -> Record:
        try:
            return self._client.write(path, body, Record, method=method)
        except (ConnectionLost, Refused) as refused:
            self._raise_when_recording_is_refused(refused)
            raise

    def _raise_when_recording_is_refused(self, error: ConnectionLost | Refused) -> None:
        status = int(error.context.get("status", "0"))
        codes = error.codes if isinstance(error, Refused) else frozenset()
        if any(one.says(status, codes) for one in self._refusals):
            raise NeedsAttention(error.detail, error.context, code=AttentionCode.RECORDING_REFUSED) from error

    def _answered(self, record: Record, sent: Mapping[str, str], invoices: tuple[str, ...]) -> SourcePayment:
        """The payment as HubSpot answered it; HubSpot need not repeat what was sent."""
        answered = {name: text for name, text in record.properties.items() if text is not None}
        whole = record.model_copy(update={"properties": {**sent, **answered}})
        found = understand(whole, invoices, {}, self._account_currency)
        if not isinstance(found, SourcePayment):
            raise OutcomeUnknown(found.reason, {"system": "hubspot", "failure": "an unreadable payment"})
        return found
