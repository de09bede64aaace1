"""The loop that all commands drive: observe, plan, execute, and what its deeds need."""
