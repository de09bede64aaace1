"""Use cases: each runs the loop observe, plan, execute until it has converged."""
