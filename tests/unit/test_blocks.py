from __future__ import annotations

from minisets.cli.blocks import Block, Chapter, Table, pairs, render_block, show_time


def test_values_of_a_block_stand_in_one_column():
    block = Block(
        [
            ("Name", "web-0"),
            ("Labels", ("a=1", "b=2")),
            ("Annotations", ()),
            ("Containers", Block([("app", Block([("Image", "x"), ("Image ID", "y")]))])),
        ]
    )
    assert list(render_block(block)) == [
        "Name:         web-0",
        "Labels:       a=1",
        "              b=2",
        "Annotations:  <none>",
        "Containers:",
        "  app:",
        "    Image:     x",
        "    Image ID:  y",
    ]


def test_a_table_has_dashes_under_its_headers_and_no_line_breaks():
    rows = [{"Type": "Normal", "Message": "a\nb"}, {"Type": "Warning", "Message": "c"}]
    assert list(render_block(Block([("Events", Table(rows))]))) == [
        "Events:",
        "  Type     Message",
        "  ----     -------",
        "  Normal   a b",
        "  Warning  c",
    ]
    assert list(render_block(Block([("Events", Table([]))]))) == ["Events:  <none>"]


def test_a_chapter_is_not_indented():
    block = Block([("Type", "Opaque"), ("Data", Chapter(["password: 8 bytes"]))])
    assert list(render_block(block)) == [
        "Type:  Opaque",
        "",
        "Data",
        "====",
        "password: 8 bytes",
    ]


def test_pairs_are_sorted_and_times_are_kubectls():
    assert pairs({"b": 2, "a": 1}) == ("a=1", "b=2")
    assert pairs(None) == ()
    assert show_time(1_795_000_000.9) == "Wed, 18 Nov 2026 11:06:40 +0000"
    assert show_time(0) == "<unknown>"
