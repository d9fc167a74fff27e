"""From the state of both sides to a plan: pure functions, the only place where rules about money live."""
