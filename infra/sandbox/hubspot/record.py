"""What is known of one CRM record, and of something that happened to it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from infra.sandbox.hubspot.object_types import ObjectType


@dataclass(frozen=True)
class Version:
    """A value a property had: since when, and who set it."""

    value: str
    at: datetime
    source: str


@dataclass
class Record:
    """One CRM record; `properties` holds what has a value. `written` names calculated values set by hand.

    `parted` remembers the associations an archived record had: the other record and the type ids there and back.
    Of payments, and in no API: `processed` by HubSpot's own payment processing, `settlement_rate` into the settlement
    currency, `refunding` the amount of a refund under way, `shares` what each of its invoices received of it.
    """

    type: ObjectType
    id: str
    created: datetime
    updated: datetime
    properties: dict[str, str] = field(default_factory=dict)
    history: dict[str, list[Version]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    archived: datetime | None = None
    processed: bool = False
    settlement_rate: Decimal = Decimal(1)
    refunding: Decimal = Decimal(0)
    shares: dict[str, Decimal] = field(default_factory=dict)
    parted: "tuple[tuple[Record, int, int], ...]" = ()

    @property
    def key(self) -> tuple[str, str]:
        """Type id and record id."""
        return (self.type.type_id, self.id)

    def get(self, name: str) -> str | None:
        """A property's text, None without a value."""
        return self.properties.get(name)


ChangeKind = Literal[
    "object.creation", "object.propertyChange", "object.deletion", "object.restore", "object.associationChange"
]


@dataclass(frozen=True)
class Change:
    """Something that happened, as webhooks tell of it; `other` and `type_id` for associations."""

    kind: ChangeKind
    record: Record
    at: datetime
    source: str
    name: str | None = None
    value: str | None = None
    calculated: bool = False
    other: Record | None = None
    association_type: int = 0
    removed: bool = False
