"""`python -m infra.sandbox.hubspot --port N`: the HubSpot sandbox as a server."""

from infra.sandbox.hubspot.sandbox import HubSpotSandbox
from infra.sandbox.kernel.server import main

if __name__ == "__main__":
    main(lambda seed: HubSpotSandbox(seed=seed))
