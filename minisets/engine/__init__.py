"""Doors to the outside: the Docker Engine, files, probes and clocks. No decisions."""
