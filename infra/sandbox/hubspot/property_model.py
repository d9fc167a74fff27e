"""What a property definition is, how it is answered, and which types go with which fields."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

# PropertyCreate in the published document; which pairs go together: properties guide.
FIELD_TYPES: dict[str, frozenset[str]] = {
    "bool": frozenset({"booleancheckbox", "calculation_equation"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"date"}),
    "enumeration": frozenset({"booleancheckbox", "checkbox", "radio", "select", "calculation_equation"}),
    "number": frozenset({"number", "calculation_equation"}),
    "phone_number": frozenset({"phonenumber"}),
    "string": frozenset({"file", "html", "phonenumber", "text", "textarea", "calculation_equation"}),
}
UNIQUE_LIMIT = 10


@dataclass(frozen=True)
class Option:
    """One choice of an enumeration."""

    label: str
    value: str
    display_order: int = -1
    hidden: bool = False
    description: str | None = None

    def answer(self) -> dict[str, Any]:
        """The option as JSON."""
        shown = {"label": self.label, "value": self.value, "displayOrder": self.display_order, "hidden": self.hidden}
        return shown if self.description is None else {**shown, "description": self.description}


@dataclass(frozen=True)
class Property:
    """One property of an object type. `scale` fixes the decimals of a stored number, `minimum` its lower bound."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""
    options: tuple[Option, ...] = ()
    calculated: bool = False
    read_only: bool = False
    unique: bool = False
    hidden: bool = False
    form_field: bool = False
    display_order: int = -1
    hubspot_defined: bool = False
    scale: int | None = None
    minimum: int | None = None
    created: datetime | None = None
    updated: datetime | None = None
    archived: datetime | None = None

    @property
    def multiple(self) -> bool:
        """Whether the value is a list separated by semicolons."""
        return self.type == "enumeration" and self.field_type == "checkbox"

    def answer(self) -> dict[str, Any]:
        """The definition as the properties API answers it."""
        shown: dict[str, Any] = {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [option.answer() for option in self.options],
            "displayOrder": self.display_order,
            "calculated": self.calculated,
            "externalOptions": False,
            "archived": self.archived is not None,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "modificationMetadata": {
                "archivable": not self.hubspot_defined,
                "readOnlyDefinition": self.hubspot_defined,
                "readOnlyValue": self.read_only,
            },
            "formField": self.form_field,
            "dataSensitivity": "non_sensitive",
        }
        if self.hubspot_defined:
            shown["hubspotDefined"] = True
        for key, moment in (("createdAt", self.created), ("updatedAt", self.updated), ("archivedAt", self.archived)):
            if moment is not None:
                shown[key] = iso(moment)
        return shown


@dataclass(frozen=True)
class Group:
    """A property group."""

    name: str
    label: str
    display_order: int = -1

    def answer(self) -> dict[str, Any]:
        """The group as the properties API answers it."""
        return {"name": self.name, "label": self.label, "displayOrder": self.display_order, "archived": False}


def iso(moment: datetime) -> str:
    """A moment the way HubSpot prints it: UTC with milliseconds and Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
