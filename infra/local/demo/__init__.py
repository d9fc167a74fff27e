"""A business day played on the local stack, and the proof that the books agree."""
