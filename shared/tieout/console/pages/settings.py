"""Settings: what is in force, in words, and who changed what when. Changes go through `tieout settings apply`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tieout.console.desk import AppliedVersion, Desk
from tieout.console.language import Language, message
from tieout.console.routing import Page, shows
from tieout.console.settings_words import GROUPS
from tieout.console.visit import Visit
from tieout.console.web import Reply
from tieout.domain.settings import Settings
from tieout.domain.settings_changes import as_document, changes
from tieout.domain.settings_document import BadSettings, parse_settings

_SHOWN = 20
_LABELS = {name: label for group in GROUPS for name, label in group.labels.items()}
UNREADABLE = message("The settings in force cannot be read by this version of Tieout: {problem}")


@dataclass(frozen=True, slots=True)
class Row:
    """A setting: `values` are one text, or one for each member of a list. `usual`: it is as by default."""

    name: str
    label: str
    values: tuple[str, ...]
    usual: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a setting that a version changed; an empty text: there was, or is, nothing."""

    label: str
    part: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """`lines` is None when this or the version before cannot be read any more."""

    number: int
    at: datetime
    by: str
    first: bool
    lines: tuple[Line, ...] | None


def settings(desk: Desk, visit: Visit) -> Reply:
    """The page."""
    versions = desk.connections.settings_history(visit.here.id, _SHOWN + 1)
    try:
        in_force = desk.connections.settings(visit.here.id)
        groups, problem = _groups(in_force, visit.language), ""
    except BadSettings as bad:
        groups, problem = [], visit.say(UNREADABLE, problem=str(bad))
    return visit.draw(
        "settings.html",
        groups=groups,
        problem=problem,
        history=_history(versions, visit.language)[:_SHOWN],
        more=len(versions) > _SHOWN,
        shown=_SHOWN,
    )


def _groups(in_force: Settings, language: Language) -> list[tuple[str, list[Row]]]:
    document, usual = as_document(in_force), as_document(Settings())
    found = [
        (language.say(group.title), [_row(name, document, usual, language) for name in group.labels])
        for group in GROUPS
    ]
    unnamed = [name for name in document if name not in _LABELS]
    if unnamed:
        found.append((language.say("Other settings"), [_row(name, document, usual, language) for name in unnamed]))
    return found


def _row(name: str, document: Mapping[str, object], usual: Mapping[str, object], language: Language) -> Row:
    value = document[name]
    return Row(name, _label(name, language), _values(value, language), value == usual[name])


def _label(name: str, language: Language) -> str:
    return language.say(_LABELS[name]) if name in _LABELS else name


def _values(value: object, language: Language) -> tuple[str, ...]:
    if value is None or value in ({}, []):
        return (language.say("not set"),)
    match value:
        case Mapping():
            return tuple(f"{key}: {_text(one, language)}" for key, one in value.items())
        case list():
            return tuple(_text(one, language) for one in value)
    return (_text(value, language),)


def _text(value: object, language: Language) -> str:
    match value:
        case bool():
            return language.say("yes") if value else language.say("no")
        case Mapping():
            return ", ".join(f"{key}: {_text(one, language)}" for key, one in value.items())
        case list():
            return ", ".join(_text(one, language) for one in value)
    return str(value)


def _history(versions: Sequence[AppliedVersion], language: Language) -> list[Version]:
    """Newest first; the oldest of `versions` serves only as what was before the next."""
    read = [_read(one.document) for one in versions]
    found = []
    for at, one in enumerate(versions):
        now, first = read[at], one.version == 1
        before = Settings() if first else read[at + 1] if at + 1 < len(read) else None
        lines = None if now is None or before is None else tuple(_lines(before, now, language))
        found.append(Version(one.version, one.at, one.by, first, lines))
    return found


def _read(document: Mapping[str, object]) -> Settings | None:
    try:
        return parse_settings(document)
    except BadSettings:
        return None


def _lines(before: Settings, now: Settings, language: Language) -> list[Line]:
    return [
        Line(_label(change.name, language), part, _word(old, language), _word(new, language))
        for change in changes(before, now)
        for part, old, new in change.lines
    ]


def _word(text: str, language: Language) -> str:
    words = {"true": language.say("yes"), "false": language.say("no")}
    return words.get(text, text)


PAGE = Page("settings", (shows("/settings", settings),), message("Settings"), "/settings")
