"""Runs minisets as ``python -m minisets``."""

from minisets.cli.main import main

main()
