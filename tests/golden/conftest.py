from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write the expected output of cases again"
    )


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    # With another folder on the command line this file is read too late to add its option.
    return bool(request.config.getoption("--rewrite-golden", default=False))
