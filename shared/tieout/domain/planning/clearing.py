"""The proof of a clearing account: payments - refunds - fees - payouts is its balance, and what of it is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from tieout.domain.account import AccountEntry, LedgerAccount
from tieout.domain.marker import marked_origin
from tieout.domain.money import Money
from tieout.domain.record import Kind


class Part(StrEnum):
    """What an entry of a clearing account is in the equation; OTHER is in none of its terms."""

    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    PAYOUT = "payout"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Left:
    """What of a payment no refund, fee or payout has used up; `payment_id` is HubSpot's, "" for one of a person."""

    entry: AccountEntry
    amount: Money
    payment_id: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """One clearing account in its currency.

    `payments` are positive, as are `refunds`, `fees` and `payouts`; `others` are entries that are none of these.
    `balance` is what the ledger itself says, None where it tells none. `left` comes to `clearing` unless more was taken
    out than came in.
    """

    account: LedgerAccount
    currency: str
    processors: tuple[str, ...]
    payments: Money
    refunds: Money
    fees: Money
    payouts: Money
    others: tuple[AccountEntry, ...]
    balance: Money | None
    left: tuple[Left, ...]

    @property
    def clearing(self) -> Money:
        """Payments - refunds - fees - payouts."""
        return self.payments - self.refunds - self.fees - self.payouts

    @property
    def difference(self) -> Money | None:
        """What the ledger's balance is beyond the equation; None where it tells no balance."""
        return None if self.balance is None else self.balance - self.clearing

    @property
    def holds(self) -> bool:
        """Whether the equation is the balance, and nothing else was booked on the account."""
        return not self.others and self.difference is not None and not self.difference.amount


def part_of(entry: AccountEntry, connection: str) -> Part:
    """What an entry is: fees and refunds by our marker where their kind of document does not tell."""
    origin = marked_origin(entry.note, connection)
    match entry.entity:
        case "Payment" | "SalesReceipt":
            return Part.PAYMENT
        case "RefundReceipt":
            return Part.REFUND
        case "Transfer":
            return Part.PAYOUT
        case "Purchase" | "Deposit" if origin is not None:
            return Part.FEE if origin[0] == Kind.FEES else Part.REFUND
        case "Deposit" if entry.amount.amount < 0:
            # Brought to a bank by a deposit that has a line on the clearing account.
            return Part.PAYOUT
        case _:
            return Part.OTHER


def prove(
    account: LedgerAccount,
    currency: str,
    processors: Sequence[str],
    entries: Iterable[AccountEntry],
    connection: str,
) -> Proof:
    """The proof of one account over everything that was ever booked on it, in the account's own currency.

    A foreign document counts on an account in home currency as what its own exchange rate made of it there; one that
    says no such amount is another, so that currencies are never added.
    """
    parts: dict[Part, list[AccountEntry]] = {part: [] for part in Part}
    for entry in sorted(entries, key=lambda one: (one.day, len(one.id), one.id, one.entity)):
        amount = entry.within(currency)
        if amount is None:
            parts[Part.OTHER].append(entry)
        else:
            parts[part_of(entry, connection)].append(replace(entry, amount=amount))

    def total(part: Part) -> Money:
        return sum((one.amount for one in parts[part]), Money(Decimal(0), currency))

    return Proof(
        account,
        currency,
        tuple(processors),
        total(Part.PAYMENT),
        -total(Part.REFUND),
        -total(Part.FEE),
        -total(Part.PAYOUT),
        tuple(parts[Part.OTHER]),
        account.balance,
        _left(parts, currency, connection),
    )


def _left(parts: dict[Part, list[AccountEntry]], currency: str, connection: str) -> tuple[Left, ...]:
    """Payment by payment: a refund uses up its own payment, fees and payouts the oldest ones, as processors pay out."""
    open_: list[Left] = []
    for entry in parts[Part.PAYMENT]:
        origin = marked_origin(entry.note, connection)
        open_.append(Left(entry, entry.amount, origin[1] if origin else ""))
    taken = -sum((one.amount for part in (Part.FEE, Part.PAYOUT) for one in parts[part]), Money(Decimal(0), currency))
    for refund in parts[Part.REFUND]:
        origin = marked_origin(refund.note, connection)
        rest = -refund.amount
        if origin is not None:
            open_, rest = _use(open_, rest, origin[1])
        taken = taken + rest
    open_, _ = _use(open_, taken, None)
    return tuple(one for one in open_ if one.amount.amount)


def _use(payments: list[Left], amount: Money, only: str | None) -> tuple[list[Left], Money]:
    """The payments after `amount` was taken from them in order (of those of one HubSpot payment only), and the rest."""
    after = []
    for one in payments:
        part = Decimal(0)
        if only is None or one.payment_id == only:
            part = max(Decimal(0), min(one.amount.amount, amount.amount))
        used = Money(part, amount.currency)
        amount = amount - used
        after.append(Left(one.entry, one.amount - used, one.payment_id))
    return after, amount
