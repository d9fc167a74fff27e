"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says something about the machine, not about the code: benchmarks measure time. A change is
# judged by the same examples wherever it is tried; `pytest --hypothesis-profile=explore` looks for others.
settings.register_profile("tieout", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("tieout")
