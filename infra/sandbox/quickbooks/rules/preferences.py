"""Preferences: a group that is sent changes what it names and leaves the rest of the group, and other groups, alone."""

from infra.sandbox.quickbooks.definitions import Draft


def preferences(draft: Draft) -> None:
    """Merges what was sent into what there is."""
    for group, values in (draft.before or {}).items():
        if isinstance(values, dict) and group != "MetaData":
            draft.entity[group] = values | draft.sent.get(group, {})
