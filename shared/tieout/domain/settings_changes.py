"""Settings as the JSON document that people edit, and what another document would change, for people to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from tieout.domain.settings import Settings


@dataclass(frozen=True)
class SettingChange:
    """A setting that another document changes; both values as they would stand in the document."""

    name: str
    before: object
    after: object

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """(part, before, after) for people: one line a member of an object or a list, an empty text for none."""
        if isinstance(self.before, Mapping) and isinstance(self.after, Mapping):
            old, new = self.before, self.after
            names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
            return [(str(name), _text(old.get(name)), _text(new.get(name))) for name in names]
        if isinstance(self.before, list) and isinstance(self.after, list):
            gone = [("", _text(one), "") for one in self.before if one not in self.after]
            came = [("", "", _text(one)) for one in self.after if one not in self.before]
            return [*gone, *came] or [("order", _text(self.before), _text(self.after))]
        return [("", _text(self.before), _text(self.after))]


def as_document(settings: Settings) -> dict[str, object]:
    """Every setting with its value, as `parse_settings` takes it."""
    return {one.name: _json(getattr(settings, one.name)) for one in fields(settings)}


def changes(before: Settings | None, after: Settings) -> list[SettingChange]:
    """What differs, in the order of the settings; everything when nobody knows what was `before`."""
    old, new = as_document(before) if before else {}, as_document(after)
    return [SettingChange(name, old.get(name), new[name]) for name in new if name not in old or old[name] != new[name]]


def _json(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _json(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    if is_dataclass(value):
        return {one.name: _json(getattr(value, one.name)) for one in fields(value) if getattr(value, one.name) != ()}
    return value


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
