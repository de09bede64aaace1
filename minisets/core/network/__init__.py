"""Addresses, and ports that the host answers for."""
