"""What `tieout fees` does in the books: books a report, and proves the clearing accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import typer
from rich.text import Text

from infra.cli import show
from infra.cli.deployment import Deployment
from tieout.domain.planning.clearing import Proof
from tieout.domain.planning.fees import FeeReport
from tieout.domain.settings import FeeBooking
from tieout.domain.status import explain
from tieout.ports import Workspace
from tieout.services.book_fees import Booked, BookFees

_TRACE = "command-line"


def book(deployment: Deployment, workspace: Workspace, report: FeeReport) -> tuple[Booked, ...]:
    """Book a report as a person's wish. Raises BadParameter where the policy does not let it be booked."""
    policy = workspace.settings.fee_booking
    if policy is FeeBooking.REPORT_ONLY:
        raise typer.BadParameter("fee_booking is report_only: set it to monthly or daily to book fees.")
    if policy is FeeBooking.MONTHLY and report.payments.period.is_day:
        raise typer.BadParameter("fee_booking is monthly: book the month, with --month.")
    service = BookFees(deployment.service.claims, deployment.service.vendor_timeout)
    return service.book(workspace, report, _TRACE, by_person=True)


def all_booked(found: Sequence[Booked]) -> bool:
    """Whether nothing of it is left for a person or a later run."""
    return all(one.as_it_should for one in found)


def print_booked(found: Sequence[Booked]) -> None:
    """A row for each record, with its documents."""
    if not found:
        show.out.print("There are no fees to book.")
        return
    show.table("Booking", ("fees", "state", "documents", "details"), [_booked(one) for one in found])


def booked_facts(found: Sequence[Booked]) -> list[Mapping[str, object]]:
    """The same for programs."""
    return [dict(zip(("fees", "state", "documents", "details"), _booked(one), strict=True)) for one in found]


def _booked(one: Booked) -> tuple[str, str, str, str]:
    record = one.record
    if record is None:
        return one.key.origin_id, "busy", "", "Another worker is at it, or its last answer is not known yet."
    documents = [
        f"{posting.sent.document} {posting.far_id}: {posting.sent.amount}"
        for posting in record.postings
        if not posting.voided
    ]
    return one.key.origin_id, record.state.value, ", ".join(documents), explain(record)


def print_proofs(proofs: Sequence[Proof]) -> None:
    """Each account with its equation, what is left payment by payment, and what is in the way."""
    if not proofs:
        show.out.print("deposit_accounts names no account that QuickBooks has.")
    for proof in proofs:
        title = f"Clearing account {proof.account.name} ({', '.join(proof.processors)}), {proof.currency}"
        rows = [(name, f"{amount:,}") for name, amount in _figures(proof)]
        show.table(title, ("", "amount"), rows)
        if proof.left:
            left = [
                (f"{one.entry.day}", one.payment_id, f"{one.entry.entity} {one.entry.id}", f"{one.amount.amount:,}")
                for one in proof.left
            ]
            show.table("Left, payment by payment", ("date", "HubSpot payment", "in QuickBooks", "left"), left)
        if proof.others:
            others = [(f"{one.day}", f"{one.entity} {one.id}", f"{one.amount}") for one in proof.others]
            show.table("None of these", ("date", "in QuickBooks", "amount"), others)
        told = "proven" if proof.holds else "not proven"
        show.out.print(Text(f"{proof.account.name}: {told}.", style="green" if proof.holds else "bold red"))


def proof_facts(proofs: Sequence[Proof]) -> list[Mapping[str, object]]:
    """The same for programs."""
    return [
        {
            "account": proof.account.id,
            "processors": list(proof.processors),
            "currency": proof.currency,
            "holds": proof.holds,
            **{name: str(amount) for name, amount in _figures(proof)},
            "left": [{"payment": one.payment_id, "amount": str(one.amount.amount)} for one in proof.left],
            "others": [{"document": f"{one.entity} {one.id}", "amount": str(one.amount)} for one in proof.others],
        }
        for proof in proofs
    ]


def _figures(proof: Proof) -> list[tuple[str, Decimal]]:
    figures = [
        ("payments", proof.payments),
        ("refunds", -proof.refunds),
        ("fees", -proof.fees),
        ("payouts", -proof.payouts),
        ("clearing", proof.clearing),
        ("balance in QuickBooks", proof.balance),
        ("difference", proof.difference),
    ]
    return [(name, one.amount) for name, one in figures if one is not None]
