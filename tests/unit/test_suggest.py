import pytest

from minisets.core.suggest import did_you_mean


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("wbe-0", ["db-0", "web-0", "web-1"], "web-0"),
        ("wbe", ["web"], "web"),
        ("web-00", ["web-0", "db-0"], "web-0"),
        ("postgres", ["web-0"], None),
        ("web", [], None),
    ],
)
def test_the_nearest_name_is_the_one_that_was_meant(word, known, meant):
    assert did_you_mean(word, known) == (f"did you mean {meant}?" if meant else None)
