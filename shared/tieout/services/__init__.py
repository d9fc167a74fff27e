"""Use cases: read through ports, ask planning, write through ports."""
