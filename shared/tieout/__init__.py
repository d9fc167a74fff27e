"""Tieout: HubSpot and QuickBooks Online telling the same story about money."""
