"""The fees of a month for a person: the report as it was kept, checked anew, or booked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tieout.domain.fee import Period
from tieout.domain.settings import FeeBooking
from tieout.ports import AuditEntry, Workspace
from tieout.ports.audit import Trail
from tieout.ports.reports import Reports
from tieout.services.book_fees import Booked, BookFees
from tieout.services.keeping_fees import file_name, keep_fees
from tieout.services.report_fees import fee_report


class NotBookable(ValueError):
    """The settings do not let this month be booked."""


@dataclass(frozen=True, slots=True)
class FeeMonths:
    """Reports of whole months. A month of 10,000 payments costs about 50 searches of HubSpot."""

    booking: BookFees
    reports: Reports
    trail: Trail

    def kept(self, connection: str, month: Period) -> Mapping[str, Any] | None:
        """The month as `fee_documents.as_json` tells it, as it was kept last; None when it never was."""
        text = self.file(connection, month, "json")
        found: Mapping[str, Any] | None = None if text is None else json.loads(text)
        return found

    def file(self, connection: str, month: Period, ending: str) -> str | None:
        """The kept report in one of its forms (see `keeping_fees.TYPES`)."""
        return self.reports.read(connection, month.last, file_name(month, ending))

    def check(self, workspace: Workspace, month: Period, by: str, trace_id: str) -> None:
        """Read the month anew from HubSpot and keep it. Nothing is booked. Raises what reading raises."""
        self._tell(workspace, "checked fees", month, by, trace_id)
        self._keep(workspace, month)

    def book(
        self, workspace: Workspace, month: Period, by: str, trace_id: str, deadline: datetime
    ) -> tuple[Booked, ...]:
        """Read the month anew, book what is to be booked as a person's wish, and keep it; once, however often it is
        asked for. Raises NotBookable where the settings book nothing, and what reading raises."""
        if workspace.settings.fee_booking is FeeBooking.REPORT_ONLY:
            raise NotBookable
        found = fee_report(workspace, month)
        self._tell(workspace, "asked to book fees", month, by, trace_id)
        booked = self.booking.book(workspace, found, trace_id, deadline, by_person=True)
        claims = self.booking.claims
        keep_fees(self.reports, claims.records, claims.clock, workspace, found)
        return booked

    def _keep(self, workspace: Workspace, month: Period) -> None:
        claims = self.booking.claims
        keep_fees(self.reports, claims.records, claims.clock, workspace, fee_report(workspace, month))

    def _tell(self, workspace: Workspace, action: str, month: Period, by: str, trace_id: str) -> None:
        now = self.booking.claims.clock.now()
        self.trail.add(workspace.connection.id, AuditEntry(now, by, action, trace_id, {"period": str(month)}))
