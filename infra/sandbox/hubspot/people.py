"""People at the account's door: buyers who pay, users who record, refund, delete and restore, and their processors."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Unpack

from infra.sandbox.hubspot import checkout, processing
from infra.sandbox.hubspot.association_types import default_pair
from infra.sandbox.hubspot.checkout import UNTOLD, USUAL, Amount, Moment, Terms, decimal_of, moment_of
from infra.sandbox.hubspot.errors import HubSpotError
from infra.sandbox.hubspot.object_types import BY_ID, COMPANY, CONTACT, DEAL, INVOICE, LINE_ITEM, PAYMENT, find_type
from infra.sandbox.hubspot.processing import PROCESSING, SLOW_METHODS
from infra.sandbox.hubspot.property_model import iso
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.records import Records
from infra.sandbox.kernel import BadSettingError

if TYPE_CHECKING:
    from infra.sandbox.hubspot.sandbox import HubSpotSandbox

_ROLES = (CONTACT, COMPANY, DEAL)


class People:
    """Acts in the account without the API: all or nothing, with webhooks. Ids of payments are given and taken.

    Raises `HubSpotError` for what HubSpot refuses to people as well, `BadSettingError` for what makes no sense.
    """

    def __init__(self, sandbox: "HubSpotSandbox") -> None:
        self._sandbox = sandbox

    def act(self, name: str, options: Mapping[str, Any]) -> Any:
        """One of the acts below, by its name. Raises `BadSettingError`."""
        acts: dict[str, Callable[..., Any]] = {one: getattr(self, one) for one in _ACTS}
        if name not in acts:
            raise BadSettingError(f"act {name!r} is none of {', '.join(_ACTS)}")
        try:
            return acts[name](**options)
        except TypeError as error:
            raise BadSettingError(f"{name}: {error}") from None
        except HubSpotError as refused:
            raise BadSettingError(refused.message) from None

    # -- buyers

    def pay(
        self,
        invoices: str | Sequence[str],
        amount: Amount | None = None,
        *,
        also: Mapping[str, str] | None = None,
        **terms: Unpack[Terms],
    ) -> str:
        """Pays one or several open invoices, `amount` or all that is due.

        `also` names further records by type, such as {"subscriptions": id}, whose recurring payment it then is.
        """
        with self._sandbox.acting(PROCESSING) as records:
            bills, due = _bills(records, invoices)
            extra = [records.get(find_type(kind), one) for kind, one in (also or {}).items()]
            recurring = "subscriptions" in (also or {})
            about = {
                "hs_customer_email": bills[0].get("hs_invoice_latest_contact_email"),
                "hs_payment_source_app": "SUBSCRIPTION" if recurring else "INVOICE",
                "hs_payment_source_id": bills[0].id,
                "hs_payment_source_name": bills[0].get("hs_number"),
                "hs_payment_source_url": bills[0].get("hs_invoice_link"),
                "hs_payment_type": "recurring" if recurring else "one_time_or_initial",
            }
            total = due if amount is None else decimal_of(amount)
            currency = bills[0].get("hs_currency") or records.config.currency
            others = (*bills, *extra, *_parties(records, bills))
            return checkout.collect(records, total, currency, terms, about, *others).id

    def pay_link(
        self,
        amount: Amount,
        email: str,
        *,
        currency: str | None = None,
        lines: Sequence[Mapping[str, str]] = (),
        source: str = "SALES_CHECKOUT",
        invoiced: bool = False,
        **terms: Unpack[Terms],
    ) -> str:
        """Pays by a payment link or a quote (`source` QUOTE), without an invoice; the payment has `lines` of its own.

        A contact with the e-mail address is made when there is none; in accounts with that setting (`invoiced`) an
        invoice is made for the payment (knowledge base: manage payments).
        """
        with self._sandbox.acting(PROCESSING) as records:
            contact = records.store.holder(CONTACT, "email", email)
            contact = contact or records.create(BY_ID[CONTACT], {"email": email})
            total, currency = decimal_of(amount), currency or records.config.currency
            others = [contact, *(records.create(BY_ID[LINE_ITEM], line) for line in lines)]
            if invoiced:
                others.append(
                    _invoice(records, contact, currency, lines or ({"name": "Payment", "price": f"{total:f}"},))
                )
            about = {
                "hs_customer_email": email,
                "hs_payment_source_app": source,
                "hs_payment_source_id": records.store.new_id(),
                "hs_payment_source_name": "Payment link" if source == "SALES_CHECKOUT" else "Quote",
                "hs_payment_type": "one_time_or_initial",
            }
            return checkout.collect(records, total, currency, terms, about, *others).id

    # -- processors

    def succeed(self, payment: str, *, fee: Amount = USUAL, platform_fee: Amount = USUAL) -> None:
        """A payment that was processing has succeeded."""
        with self._payment(payment) as (records, found):
            processing.need(found, "processing")
            processing.change(records, found, hs_latest_status="succeeded")
            checkout.charge(records, found, fee, platform_fee)

    def fail(self, payment: str) -> None:
        """The payment failed: while it was processing, or afterwards, as a returned bank debit does."""
        with self._payment(payment) as (records, found):
            processing.need(found, "processing", "succeeded")
            processing.change(records, found, hs_latest_status="failed")

    def refund(self, payment: str, amount: Amount | None = None, *, slow: bool | None = None) -> None:
        """Refunds a payment in part or (`amount` None) the rest; `slow` None: as the payment method is."""
        with self._payment(payment) as (records, found):
            takes_days = found.get("hs_payment_method_type") in SLOW_METHODS if slow is None else slow
            processing.refund(records, found, None if amount is None else decimal_of(amount), slow=takes_days)

    def finish_refund(self, payment: str) -> None:
        """A refund under way has reached the buyer."""
        with self._payment(payment) as (records, found):
            processing.finish_refund(records, found)

    def fail_refund(self, payment: str) -> None:
        """The last refund failed, under way or afterwards."""
        with self._payment(payment) as (records, found):
            processing.fail_refund(records, found)

    def dispute(self, payment: str, status: str = "disputed_action_required") -> None:
        """Sets one of the disputed_* statuses."""
        with self._payment(payment) as (records, found):
            processing.dispute(records, found, status)

    def charge(self, payment: str, *, fee: Amount = UNTOLD, platform_fee: Amount = UNTOLD) -> None:
        """Tells fees late, or corrects them; `UNTOLD` leaves one as it is."""
        with self._payment(payment) as (records, found):
            checkout.charge(records, found, fee, platform_fee)

    def pay_out(self, payment: str, at: Moment | None = None) -> None:
        """The payment was deposited at the seller's bank."""
        with self._payment(payment) as (records, found):
            processing.pay_out(records, found, records.store.now() if at is None else moment_of(at))

    # -- users

    def record(
        self,
        invoices: str | Sequence[str],
        amount: Amount | None = None,
        *,
        method: str = "check",
        reference: str | None = None,
        at: Moment | None = None,
        comment: str | None = None,
    ) -> str:
        """Records a payment by hand (processor `none`), `amount` or all that is due; it has succeeded."""
        with self._sandbox.acting() as records:
            bills, due = _bills(records, invoices)
            values = {
                "hs_initial_amount": f"{due if amount is None else decimal_of(amount):f}",
                "hs_initiated_date": iso(records.store.now() if at is None else moment_of(at)),
                "hs_currency_code": bills[0].get("hs_currency"),
                "hs_customer_email": bills[0].get("hs_invoice_latest_contact_email"),
                "hs_latest_status": "succeeded",
                "hs_payment_method_type": method,
                "hs_reference_number": reference,
                "hs_internal_comment": comment,
            }
            others = {one.key: one for one in (*bills, *_parties(records, bills))}.values()
            return records.create(BY_ID[PAYMENT], values, [_to(PAYMENT, one) for one in others]).id

    def associate(self, payment: str, invoice: str) -> None:
        """Applies an existing payment to an invoice."""
        with self._sandbox.acting() as records:
            one, bill = records.get(BY_ID[PAYMENT], payment), records.get(BY_ID[INVOICE], invoice)
            records.link(one, bill, [default_pair(one.type, bill.type)])

    def archive(self, kind: str, record: str) -> None:
        """Puts a record into the recycle bin."""
        with self._sandbox.acting() as records:
            records.archive(records.get(find_type(kind), record))

    def restore(self, kind: str, record: str) -> None:
        """Takes a record out of the recycle bin; only people can."""
        with self._sandbox.acting() as records:
            records.restore(records.get(find_type(kind), record, archived=True))

    # -- who acts

    @contextmanager
    def _payment(self, payment: str) -> Iterator[tuple[Records, Record]]:
        with self._sandbox.acting(PROCESSING) as records:
            found = records.get(BY_ID[PAYMENT], payment)
            if not found.processed:
                raise BadSettingError(f"payment {payment} was not made by a processor")
            yield records, found


def _bills(records: Records, invoices: str | Sequence[str]) -> tuple[list[Record], Decimal]:
    """The invoices to pay, and what is due on them together."""
    ids = [invoices] if isinstance(invoices, str) else invoices
    bills = [records.get(BY_ID[INVOICE], one) for one in ids]
    if not bills:
        raise BadSettingError("there is no invoice to pay")
    return bills, sum((Decimal(bill.get("hs_balance_due") or 0) for bill in bills), Decimal(0))


def _invoice(records: Records, contact: Record, currency: str, lines: Sequence[Mapping[str, str]]) -> Record:
    """An open invoice with lines of its own."""
    bill = records.create(BY_ID[INVOICE], {"hs_currency": currency}, [_to(INVOICE, contact)])
    for line in lines:
        records.create(BY_ID[LINE_ITEM], line, [_to(LINE_ITEM, bill)])
    return records.update(bill, {"hs_invoice_status": "open"})


def _parties(records: Records, bills: Sequence[Record]) -> list[Record]:
    return [one for bill in bills for role in _ROLES for one in records.store.linked(bill, role)]


def _to(from_type: str, other: Record) -> dict[str, Any]:
    type_id = default_pair(BY_ID[from_type], other.type).there
    return {
        "to": {"id": other.id},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}],
    }


_ACTS = (
    "pay",
    "pay_link",
    "succeed",
    "fail",
    "refund",
    "finish_refund",
    "fail_refund",
    "dispute",
    "charge",
    "pay_out",
    "record",
    "associate",
    "archive",
    "restore",
)
