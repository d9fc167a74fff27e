"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says something about the machine, not about the code: benchmarks measure time.
settings.register_profile("tieout")
settings.load_profile("tieout")
