"""HTTP: a person's browser asks for a page of the console, or sends a form of one, and is answered with a page."""

from tieout.runtime.cold_start import cold_start

with cold_start():
    from tieout.runtime.bootstrap.console import build
    from tieout.runtime.console import run_console

    console = build()
    handler = run_console(console.site, console.meter)
