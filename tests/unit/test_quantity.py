from decimal import Decimal

import pytest

from minisets.core.quantity import (
    format_quantity,
    parse_quantity,
    round_bytes,
    to_bytes,
    to_nano_cpus,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", "0.5"),
        ("1Gi", "1073741824"),
        ("1.5Ki", "1536"),
        ("2k", "2000"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("1E", "1e18"),
        (".5", "0.5"),
        (3, "3"),
        (0.25, "0.25"),
        ("-1Mi", "-1048576"),
    ],
)
def test_an_amount_is_read_with_its_suffix(text, value):
    assert parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "Gi", "1gi", "1 Gi", "1e", "x", "\uff11", "1Gi\n", True])
def test_what_is_no_quantity_is_refused_with_the_message_of_the_api(text):
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        parse_quantity(text)


def test_finer_than_a_billionth_is_rounded_up():
    assert parse_quantity("0.1n") == Decimal("1e-9")


def test_a_huge_exponent_is_the_largest_64_bit_number_and_costs_no_memory():
    assert parse_quantity("1e999999999") == 2**63 - 1
    assert parse_quantity("0e999999999") == 0


def test_bytes_are_rounded_up():
    assert to_bytes("1500m") == 2
    assert to_bytes("1Gi") == 2**30


def test_cpus_are_counted_in_billionths():
    assert to_nano_cpus("250m") == 250_000_000
    assert to_nano_cpus(2) == 2_000_000_000


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5", "500m"),
        ("2000m", "2"),
        ("1000k", "1M"),
        ("1e3", "1e3"),
        ("1000Ki", "1000Ki"),
        ("0", "0"),
        ("0.1Gi", "107374182400m"),
        ("1Ki", "1Ki"),
        ("512", "512"),
    ],
)
def test_the_canonical_form_has_the_largest_suffix_and_no_fraction(text, canonical):
    assert format_quantity(text) == canonical


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (1023, "1023"), (1024, "1Ki"), (1600, "1.6Ki"), (20_000, "20Ki"), (3 << 40, "3Ti")],
)
def test_bytes_are_rounded_for_people(count, text):
    assert round_bytes(count) == text
