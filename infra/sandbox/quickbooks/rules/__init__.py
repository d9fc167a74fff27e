"""The business rules of QuickBooks' entities."""
