"""HubSpot's answers as they come over the wire; unknown fields are ignored, property values are texts."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError


def _id(value: object) -> object:
    # Objects bear text ids, association answers and webhooks numbers.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _text(value: object) -> object:
    # HubSpot says texts; should a number or a switch slip through, one record must not spoil its batch.
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else str(value)


Id = Annotated[str, BeforeValidator(_id), Field(pattern=r"^[0-9]+$")]
PropertyText = Annotated[str | None, BeforeValidator(_text)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


WireModel = TypeVar("WireModel", bound=BaseModel)


class ErrorItem(_Wire):
    """One entry of `errors`, in an error answer or in a batch's partial answer; every field may be missing."""

    message: str | None = None
    code: str | None = None
    category: str | None = None
    sub_category: object = Field(None, alias="subCategory")
    context: dict[str, object] = {}
    errors: list[ErrorItem] = []


class ErrorBody(ErrorItem):
    """An error answer."""

    correlation_id: str | None = Field(None, alias="correlationId")
    error_type: str | None = Field(None, alias="errorType")
    policy_name: str | None = Field(None, alias="policyName")
    request_id: str | None = Field(None, alias="requestId")


class PropertyVersion(_Wire):
    """A value that a property has or had, since `timestamp`."""

    value: PropertyText = None
    timestamp: PropertyText = None


class Record(_Wire):
    """A CRM record. `history` holds the versions of the properties for which they were asked, newest first."""

    id: Id
    properties: dict[str, PropertyText] = {}
    history: dict[str, list[PropertyVersion]] | None = Field(None, alias="propertiesWithHistory")
    archived: bool = False
    archived_at: PropertyText = Field(None, alias="archivedAt")
    updated_at: PropertyText = Field(None, alias="updatedAt")


class _Batch(_Wire):
    status: str = "COMPLETE"
    num_errors: int = Field(0, alias="numErrors")
    errors: list[ErrorItem] = []


class RecordBatch(_Batch):
    """The answer to a batch read or update of records."""

    results: list[Record]


class _NextPage(_Wire):
    after: str


class _Paging(_Wire):
    next: _NextPage | None = None


class AssociationType(_Wire):
    """How two records are associated; only labelled associations bear a `label`."""

    label: str | None = None


class AssociatedRecord(_Wire):
    """The far end of an association."""

    id: Id = Field(alias="toObjectId")
    types: list[AssociationType] = Field([], alias="associationTypes")


class _From(_Wire):
    id: Id


class Associations(_Wire):
    """One page of the records associated with the record `origin`."""

    origin: _From = Field(alias="from")
    to: list[AssociatedRecord] = []
    paging: _Paging | None = None

    @property
    def after(self) -> str | None:
        """The cursor of the next page, None on the last one."""
        return self.paging.next.after if self.paging and self.paging.next else None


class AssociationBatch(_Batch):
    """The answer to a batch read of associations."""

    results: list[Associations]


class AssociationsMade(_Batch):
    """The answer to a batch creation of associations."""


class Option(_Wire):
    """One value of an enumeration property."""

    label: str
    value: str
    display_order: int = Field(-1, alias="displayOrder")
    hidden: bool = False


class Modification(_Wire):
    """What may be changed of a property."""

    read_only_value: bool = Field(default=False, alias="readOnlyValue")


class Property(_Wire):
    """The definition of a property."""

    name: str
    type: str = ""
    calculated: bool = False
    modification: Modification = Field(Modification(), alias="modificationMetadata")
    options: list[Option] = []


class PropertyList(_Wire):
    """All property definitions of an object type."""

    results: list[Property]


class RecordPage(_Wire):
    """One page of a search or of a listing."""

    results: list[Record]
    paging: _Paging | None = None

    @property
    def after(self) -> str | None:
        """The cursor of the next page, None on the last one."""
        return self.paging.next.after if self.paging and self.paging.next else None


class StoredFile(_Wire):
    """A file in HubSpot's file manager."""

    id: Id


class AccountDetails(_Wire):
    """The account behind a token."""

    portal_id: Id = Field(alias="portalId")
    time_zone: str = Field(alias="timeZone")
    currency: str = Field(alias="companyCurrency")


def parse_error(body: object) -> ErrorBody:
    """The error in an answer's body; an empty one when the body is none of HubSpot's."""
    texts = body.items() if isinstance(body, dict) else ()
    plain = {key: value for key, value in texts if isinstance(value, str) and key not in ("errors", "context")}
    for attempt in (body, plain):
        try:
            return ErrorBody.model_validate(attempt)
        except ValidationError:
            continue
    return ErrorBody()
