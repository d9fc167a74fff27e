"""`python -m infra.sandbox.quickbooks --port N`: serves the sandbox on this machine."""

from infra.sandbox.kernel.server import main
from infra.sandbox.quickbooks import QuickBooksSandbox

main(lambda seed: QuickBooksSandbox(seed=seed))
