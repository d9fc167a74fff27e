"""The `tieout` command: watch and steer a deployment, on this machine's local stack or in AWS."""
