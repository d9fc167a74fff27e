"""Wires the services: the only place that builds real adapters. Building checks the configuration and makes no call.

Each function has a module of its own name here, whose `build` gives what its `app.py` runs; the other modules are what
several of them share. A module imports no more than its functions need, because a cold start pays for every import
(tests/benchmarks/cold_start.py has the limit).
"""
