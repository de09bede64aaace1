"""Runs minisets as ``python -m minisets``."""

from minisets.start import main

main()
