"""What makes plans of HubSpot invoices: for the worker that carries them out, and for those who only look."""

from __future__ import annotations

from datetime import timedelta

from tieout.runtime.bootstrap.store import Store
from tieout.runtime.bootstrap.vendors import new_token
from tieout.services.assess import Assessor
from tieout.services.claims import Claims
from tieout.services.customers import Customers
from tieout.services.items import Items


def assessor(own: Store, vendor_timeout: timedelta) -> Assessor:
    """Over this store; `vendor_timeout` is how long a vendor may still carry out a request that got no answer."""
    return Assessor(Customers(claims(own), vendor_timeout), Items(own.records, own.clock))


def claims(own: Store) -> Claims:
    """Claims of its records."""
    return Claims(own.records, own.hints, own.clock, new_token)
