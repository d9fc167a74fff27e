"""Reads the JSON document of a connection's settings that a person wrote."""

from __future__ import annotations

import json
from decimal import Decimal

from tieout.domain.directions import SWITCHES, ways
from tieout.domain.settings import Settings
from tieout.domain.settings_changes import as_document
from tieout.domain.settings_document import BadSettings, parse_settings

_DOCUMENT = "document"


def as_shown(settings: Settings) -> dict[str, object]:
    """Every setting with its value, as `parse_settings` takes it; directions in place of their switches."""
    switches = {switch for pair in SWITCHES.values() for switch in pair}
    directions = {name: way.value for name, way in ways(settings).items()}
    return directions | {name: value for name, value in as_document(settings).items() if name not in switches}


def read_document(text: str) -> tuple[dict[str, object], Settings]:
    """The document in `text` and the settings that it means. Raises BadSettings with every problem of it."""
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_float=Decimal)
    except _Twice as twice:
        raise BadSettings([(str(twice), "is there twice")]) from None
    except (ValueError, RecursionError) as error:
        raise BadSettings([(_DOCUMENT, f"not JSON: {error}")]) from None
    if not isinstance(document, dict):
        raise BadSettings([(_DOCUMENT, "a JSON object, from setting to value")])
    return document, parse_settings(document)


class _Twice(ValueError):
    """A name that one object bears twice; the last would win without a word."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found
