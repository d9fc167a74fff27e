"""The end of the demo: October is closed. Its fees are booked, and the clearing accounts proven from the books."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from infra.cli.fee_books import all_booked
from infra.local.demo.processors import PROCESSORS
from tieout.domain.fee import Period
from tieout.domain.planning.clearing import Proof
from tieout.domain.planning.fees import FeeReport
from tieout.ports import Records, Workspace
from tieout.services.book_fees import Booked
from tieout.services.check_clearing import check_clearing
from tieout.services.fee_documents import FeeDocument
from tieout.services.fee_entries import entries_of
from tieout.services.report_fees import fee_document

OCTOBER = Period.month(date(2026, 10, 1))
# An answer that was lost is looked for at the next try.
TRIES = 20

Book = Callable[[FeeReport], Sequence[Booked]]


@dataclass(frozen=True)
class MonthEnd:
    """What came of it: the report, what was booked, and the proof of each clearing account."""

    document: FeeDocument
    booked: Sequence[Booked]
    proofs: Sequence[Proof]


def close_october(
    workspace: Workspace, records: Records, at: datetime, book: Book, wait: Callable[[], None]
) -> MonthEnd:
    """As `tieout fees --month 2026-10 --book --check` does, again after a `wait` while the books did not answer."""
    document = fee_document(workspace, OCTOBER, at)
    booked = book(document.report)
    for _ in range(TRIES):
        if all_booked(booked):
            break
        wait()
        booked = book(document.report)
    entries = entries_of(records, workspace, document.report)
    return MonthEnd(replace(document, booked=entries), booked, check_clearing(workspace))


def problems(month: MonthEnd) -> list[str]:
    """What is not as the story says, empty when all is."""
    return list(_problems(month))


def _problems(month: MonthEnd) -> Iterator[str]:
    report = month.document.report
    yield from (f"{one.line.payment_id}: {one.oddity} {one.detail}" for one in report.findings)
    for one in month.booked:
        if not all_booked([one]):
            yield f"{one.key.origin_id}: {one.record.state if one.record else 'busy'} {one.bug or ''}"
    proofs = {name: proof for proof in month.proofs for name in proof.processors}
    for name, processor in PROCESSORS.items():
        proof = proofs.get(name)
        if proof is None or not proof.holds:
            yield f"{processor.clearing}: not proven"
            continue
        paid_out = sum((Decimal(amount) for _, amount in processor.payouts), Decimal(0))
        figures = (proof.currency, proof.fees.amount, proof.payouts.amount)
        wanted = (processor.currency, Decimal(processor.fees), paid_out)
        if figures != wanted:
            yield f"{processor.clearing}: {figures}, not {wanted}"
        yield from (
            f"{processor.clearing}: {left.amount} of payment {left.payment_id} are left"
            for left in proof.left
            if left.entry.day in OCTOBER
        )
