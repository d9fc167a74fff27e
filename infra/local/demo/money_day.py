"""The money of the demo's business day: what is paid, given back and corrected, and what must stand on both sides."""

from __future__ import annotations

from functools import partial

from infra.local.demo import money_acts as acts
from infra.local.demo.deal import Deal, Stands, Turn
from infra.local.demo.money_acts import pay, receive, record, then
from infra.local.demo.processors import CLEARING, STRIPE
from infra.local.demo.story import EUR_RATE, Invoice, Line
from infra.local.demo.story import Stands as Stood

UNDEPOSITED = "Undeposited Funds"
_CARD, _DEBIT, _PAID = "360.00 by card", "360.00 by bank debit", f"payment 360.00 to {CLEARING}"
_BOOKED, _RECORDED = f"payment 360.00 to {UNDEPOSITED}", "360.00 from QuickBooks"
_SYNC, _NONE, _ALL, _SETTLED = "in sync", "-", "360.00", "0.00"


def deals() -> list[Deal]:
    """The deals of the day, in the order in which people take their turns."""
    return [
        *_paid_in_october(),
        *_received(),
        *_given_back(),
        *_changed_in_quickbooks(),
        *_changed_in_hubspot(),
        *_booked(),
        *_booked_and_changed(),
        *_not_told(),
    ]


def _deal(
    what: str,
    *turns: Turn,
    over: tuple[str, ...] = ("360.00",),
    currency: str = "USD",
    day: str = "2026-11-24",
    due: str = "2026-12-24",
    lost: bool = False,
) -> Deal:
    """A deal with one invoice for each amount, all of one customer."""
    customer = "Eagle Eye Optics" if len(what) % 2 else "Delta Freight"
    stands = Stood(rate=EUR_RATE if currency == "EUR" else "1")
    bills = tuple(
        Invoice(
            f"{what} ({amount})",
            customer,
            (Line("consulting", "1", amount),),
            date=day,
            due=due,
            stands=stands,
            currency=currency,
        )
        for amount in over
    )
    return Deal(what, bills, turns, lost=lost)


def _paid_in_october() -> list[Deal]:
    """Their fees are booked when October is closed; `processors` says what was paid out of them."""
    return [
        _deal(
            f"paid on {day}, {by}" + (", in euros" if currency == "EUR" else ""),
            Turn(
                pay(at=f"{day}T16:00:00Z", method=method, processor=processor),
                Stands(f"{amount} {by}", f"payment {amount} to {account}", _SYNC, _SETTLED),
            ),
            over=(amount.replace(",", ""),),
            currency=currency,
            day="2026-10-01",
            due="2026-10-31",
        )
        for day, by, amount, method, processor, account, currency in (
            ("2026-10-05", "by card", "1,200.00", "card", "hs_payments", CLEARING, "USD"),
            ("2026-10-06", "by card", "480.00", "card", "hs_payments", CLEARING, "USD"),
            ("2026-10-12", "by Stripe", "600.00", "card", "byo_stripe", STRIPE, "EUR"),
            ("2026-10-19", "by bank debit", "900.00", "ach", "hs_payments", CLEARING, "USD"),
            ("2026-10-26", "by Stripe", "250.00", "card", "byo_stripe", STRIPE, "EUR"),
        )
    ]


def _received() -> list[Deal]:
    waiting = Stands(_CARD, _NONE, "waiting: invoice_not_synced", _SETTLED)
    paid = Turn(pay(), Stands(_CARD, _PAID, _SYNC, _SETTLED))
    debit = partial(pay, method="ach", status="processing")
    early = Deal(
        "paid before its product is in QuickBooks",
        (Invoice("paid before it is in QuickBooks", "Acme Corp", (Line("kit", "1"),), first="item_missing"),),
        (
            Turn(acts.together(acts.finalise, pay()), waiting),
            Turn(acts.enter_product("kit"), Stands(_CARD, _PAID, _SYNC, _SETTLED)),
        ),
        late=True,
    )
    return [
        _deal("by card, HubSpot payments", paid),
        _deal(
            "by Stripe, in euros",
            Turn(
                pay(processor="byo_stripe"),
                Stands("360.00 by Stripe", f"payment 360.00 to {STRIPE}", _SYNC, _SETTLED),
            ),
            currency="EUR",
        ),
        _deal(
            "bank debit, received later",
            Turn(debit(), Stands(f"{_DEBIT}, processing", _NONE, "left out: processing", _ALL)),
            Turn(then("succeed"), Stands(_DEBIT, _PAID, _SYNC, _SETTLED)),
        ),
        _deal(
            "bank debit that fails",
            Turn(debit(), Stands(f"{_DEBIT}, processing", _NONE, "left out: processing", _ALL)),
            Turn(then("fail"), Stands(f"{_DEBIT}, failed", _NONE, "left out: failed", _ALL)),
        ),
        _deal(
            "recorded by hand, a check",
            Turn(record(reference="CHK-4711"), Stands("360.00 by hand", _BOOKED, _SYNC, _SETTLED)),
        ),
        _deal(
            "in two parts, by card and by hand",
            Turn(
                acts.together(pay("100.00"), record("260.00")),
                Stands(
                    "100.00 by card; 260.00 by hand",
                    f"payment 100.00 to {CLEARING}; payment 260.00 to {UNDEPOSITED}",
                    _SYNC,
                    _SETTLED,
                ),
            ),
        ),
        _deal(
            "one payment over two invoices",
            Turn(pay(), Stands("500.00 by card", f"payment 500.00 to {CLEARING}", _SYNC, _SETTLED)),
            over=("360.00", "140.00"),
        ),
        _deal(
            "more than is open",
            Turn(
                pay("400.00"),
                Stands(
                    "400.00 by card",
                    f"payment 400.00 to {CLEARING}, 40.00 of it unapplied",
                    "attention: overpayment",
                    _SETTLED,
                ),
            ),
        ),
        early,
        Deal(
            "paid in the moment it is finalised",
            (Invoice("paid in the moment it is finalised", "Acme Corp", (Line("consulting", "1", "360.00"),)),),
            (Turn(acts.together(acts.finalise, pay()), Stands(_CARD, _PAID, _SYNC, _SETTLED)),),
            late=True,
        ),
        Deal(
            "by payment link, without an invoice",
            (),
            (
                Turn(
                    acts.pay_link("25.00", "zoe@freelance.example"),
                    Stands("25.00 by card", _NONE, "waiting: invoice_may_follow", _NONE),
                ),
                Turn(
                    acts.look_again,
                    Stands("25.00 by card", f"sales receipt 25.00 to {CLEARING}", _SYNC, _NONE),
                ),
            ),
        ),
    ]


def _given_back() -> list[Deal]:
    paid = Turn(pay(), Stands(_CARD, _PAID, _SYNC, _SETTLED))
    back = f"refund receipt {{}} from {CLEARING}"
    return [
        _deal(
            "refunded",
            paid,
            Turn(then("refund"), Stands(f"{_CARD}, 360.00 back", f"{_PAID}; {back.format('360.00')}", _SYNC, _SETTLED)),
        ),
        _deal(
            "refunded in two parts",
            paid,
            Turn(
                then("refund", amount="60.00"),
                Stands(f"{_CARD}, 60.00 back", f"{_PAID}; {back.format('60.00')}", _SYNC, _SETTLED),
            ),
            Turn(
                then("refund", amount="40.00"),
                Stands(
                    f"{_CARD}, 100.00 back",
                    f"{_PAID}; {back.format('60.00')}; {back.format('40.00')}",
                    _SYNC,
                    _SETTLED,
                ),
            ),
        ),
        _deal(
            "paid and refunded before anybody looks",
            Turn(
                acts.together(pay(), then("refund", amount="90.00")),
                Stands(f"{_CARD}, 90.00 back", f"{_PAID}; {back.format('90.00')}", _SYNC, _SETTLED),
            ),
        ),
        _deal(
            "disputed",
            paid,
            Turn(then("dispute"), Stands(f"{_CARD}, disputed", _PAID, "attention: payment_disputed", _SETTLED)),
        ),
        _deal(
            "bank debit returned",
            Turn(pay(method="ach"), Stands(_DEBIT, _PAID, _SYNC, _SETTLED)),
            Turn(then("fail"), Stands(f"{_DEBIT}, failed", _PAID, "attention: payment_failed", "360.00 / 0.00")),
        ),
    ]


def _changed_in_quickbooks() -> list[Deal]:
    paid = Turn(pay(), Stands(_CARD, _PAID, _SYNC, _SETTLED))
    edited = "attention: edited_in_quickbooks"
    return [
        _deal(
            "its date edited in QuickBooks",
            paid,
            Turn(acts.change(TxnDate="2026-11-20"), Stands(_CARD, _PAID, edited, _SETTLED)),
        ),
        _deal(
            "unapplied in QuickBooks",
            paid,
            Turn(acts.apply(), Stands(_CARD, f"{_PAID}, 360.00 of it unapplied", edited, "0.00 / 360.00")),
        ),
        _deal(
            "voided in QuickBooks",
            paid,
            Turn(acts.void, Stands(_CARD, "payment voided", "attention: voided_in_quickbooks", "0.00 / 360.00")),
        ),
        _deal(
            "deleted in QuickBooks",
            paid,
            Turn(acts.delete, Stands(_CARD, _NONE, "attention: deleted_in_quickbooks", "0.00 / 360.00")),
        ),
        _deal(
            "a credit takes what is left of it",
            Turn(pay("300.00"), Stands("300.00 by card", f"payment 300.00 to {CLEARING}", _SYNC, "60.00")),
            Turn(
                acts.credit("60.00"),
                Stands(
                    "300.00 by card",
                    f"payment 300.00 to {CLEARING}; credit of 60.00 applied; credit memo 60.00",
                    "in sync; left out: no_synced_invoice",
                    "60.00 / 0.00",
                ),
            ),
        ),
    ]


def _changed_in_hubspot() -> list[Deal]:
    by_hand = Turn(record(), Stands("360.00 by hand", _BOOKED, _SYNC, _SETTLED))
    return [
        _deal(
            "its amount corrected in HubSpot",
            by_hand,
            Turn(
                acts.correct(hs_initial_amount="350.00"),
                Stands("350.00 by hand", f"payment 350.00 to {UNDEPOSITED}", _SYNC, "10.00"),
            ),
        ),
        _deal(
            "deleted in HubSpot",
            by_hand,
            Turn(acts.throw_away, Stands(_NONE, _BOOKED, "attention: deleted_in_hubspot", "360.00 / 0.00")),
        ),
    ]


def _booked() -> list[Deal]:
    return [
        _deal("received in QuickBooks", Turn(receive("360.00", "360.00"), Stands(_RECORDED, _BOOKED, _SYNC, _SETTLED))),
        _deal(
            "received there in two parts",
            Turn(
                acts.together(receive("100.00", "100.00"), receive("260.00", "260.00")),
                Stands(
                    "100.00 from QuickBooks; 260.00 from QuickBooks",
                    f"payment 100.00 to {UNDEPOSITED}; payment 260.00 to {UNDEPOSITED}",
                    _SYNC,
                    _SETTLED,
                ),
            ),
        ),
        _deal(
            "received there for two invoices",
            Turn(
                receive("500.00", "360.00", "140.00"),
                Stands(
                    "360.00 from QuickBooks; 140.00 from QuickBooks",
                    f"payment 500.00 to {UNDEPOSITED}",
                    _SYNC,
                    _SETTLED,
                ),
            ),
            over=("360.00", "140.00"),
        ),
        _deal(
            "received there, more than is open",
            Turn(
                receive("400.00", "360.00"),
                Stands(_RECORDED, f"payment 400.00 to {UNDEPOSITED}, 40.00 of it unapplied", _SYNC, _SETTLED),
            ),
        ),
        _deal(
            "a part of it on each side",
            Turn(
                acts.together(pay("100.00"), receive("260.00", "260.00")),
                Stands(
                    "100.00 by card; 260.00 from QuickBooks",
                    f"payment 100.00 to {CLEARING}; payment 260.00 to {UNDEPOSITED}",
                    _SYNC,
                    _SETTLED,
                ),
            ),
        ),
    ]


def _booked_and_changed() -> list[Deal]:
    received = Turn(receive("360.00", "360.00"), Stands(_RECORDED, _BOOKED, _SYNC, _SETTLED))
    gone = partial(Stands, _NONE)
    refunded = f"{_BOOKED}; refund receipt 60.00 from Checking"
    asks = "in sync; attention: refund_in_quickbooks"
    given_back = Turn(acts.give_back("60.00", "Checking"), Stands(_RECORDED, refunded, asks, _SETTLED))
    return [
        _deal(
            "received, then lowered",
            received,
            Turn(
                acts.apply("300.00", TotalAmt=300),
                Stands("300.00 from QuickBooks", f"payment 300.00 to {UNDEPOSITED}", _SYNC, "60.00"),
            ),
        ),
        _deal(
            "received, then moved to another invoice",
            Turn(
                receive("140.00", "140.00", "0"),
                Stands("140.00 from QuickBooks", f"payment 140.00 to {UNDEPOSITED}", _SYNC, "360.00"),
            ),
            Turn(
                acts.apply("0", "140.00"),
                Stands("140.00 from QuickBooks", f"payment 140.00 to {UNDEPOSITED}", _SYNC, "360.00"),
            ),
            over=("360.00", "140.00"),
        ),
        _deal(
            "received, then unapplied",
            received,
            Turn(acts.apply(), gone(f"{_BOOKED}, 360.00 of it unapplied", "left out: no_synced_invoice", _ALL)),
        ),
        _deal("received, then given back there", received, given_back),
        _deal(
            "received and given back there, then assigned",
            received,
            given_back,
            Turn(acts.assign_refund, Stands(f"{_RECORDED}, 60.00 back", refunded, _SYNC, _SETTLED)),
        ),
        _deal("received, then voided", received, Turn(acts.void, gone("payment voided", "left out: voided", _ALL))),
        _deal("received, then deleted", received, Turn(acts.delete, gone(_NONE, "left out: deleted", _ALL))),
        _deal(
            "received, then deleted in HubSpot",
            received,
            Turn(acts.throw_away, gone(_BOOKED, "attention: recorded_payment_deleted", "360.00 / 0.00")),
        ),
    ]


def _not_told() -> list[Deal]:
    return [
        _deal("by card, and no webhook comes", Turn(pay(), Stands(_CARD, _PAID, _SYNC, _SETTLED)), lost=True),
        _deal(
            "received in QuickBooks, and no webhook comes",
            Turn(receive("360.00", "360.00"), Stands(_RECORDED, _BOOKED, _SYNC, _SETTLED)),
            lost=True,
        ),
    ]
