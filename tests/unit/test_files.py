import io
import urllib.error

import pytest

from minisets.engine.files import parse_manifests, read_manifests
from minisets.engine.yaml_scalars import resolve_scalar
from minisets.errors import ManifestError


def objects(text, file="f.yaml"):
    return [document.obj for document in parse_manifests(text, file)]


def problem(text):
    with pytest.raises(ManifestError) as caught:
        parse_manifests(text, "f.yaml")
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("TRUE", True),
        ("y", "y"),
        ("~", None),
        ("", None),
        ("0644", 420),
        ("0o644", 420),
        ("0x1F", 31),
        ("-0x10", -16),
        ("0b11", 3),
        ("08", 8),
        ("1_000", 1000),
        ("1e3", 1000),
        ("3.0", 3),
        (".5", 0.5),
        ("1.10", 1.1),
        ("12e8999", "12e8999"),
        ("123456789012345678901", 123456789012345678901.0),
        ("0xfffffffffffffffff", "0xfffffffffffffffff"),
        ("18446744073709551615", 2**64 - 1),
        ("1:30", "1:30"),
        ("190:20:30", "190:20:30"),
        ("2024-01-01", "2024-01-01"),
        ("1Gi", "1Gi"),
        ("=", "="),
        ("tRue", "tRue"),
    ],
)
def test_a_scalar_is_what_kubernetes_takes_it_for(text, value):
    read = resolve_scalar(text)
    assert read == value
    assert type(read) is type(value)


def test_a_quoted_scalar_is_text():
    assert objects("a: \"no\"\nb: '1'\nc: !!str 1\n") == [{"a": "no", "b": "1", "c": "1"}]


def test_an_infinite_number_is_refused():
    assert "no number that JSON can hold" in problem("a: .inf").message


def test_several_documents_are_read_and_empty_ones_skipped():
    assert objects("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]


def test_a_list_of_objects_is_flattened_with_positions():
    first, second = parse_manifests(
        "kind: List\nitems:\n- kind: A\n- kind: ConfigMapList\n  items:\n  - kind: B\n", "f"
    )
    assert (first.obj, second.obj) == ({"kind": "A"}, {"kind": "B"})
    assert second.source.locate(("kind",)) == (6, 5)


def test_json_is_read_also_with_tabs():
    assert objects('{\n\t"a":\t[1, "x"]}') == [{"a": [1, "x"]}]


def test_anchors_aliases_and_merge_keys_work():
    text = "base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3\nd: *b\n"
    assert objects(text)[0]["c"] == {"x": 1, "y": 3}
    assert objects(text)[0]["d"] == {"x": 1, "y": 2}


def test_the_first_of_several_merged_maps_wins():
    assert objects("<<: [{x: 1}, {x: 2, y: 3}]\n") == [{"x": 1, "y": 3}]


def test_number_keys_become_text_as_in_kubectl():
    assert objects("80: a\ntrue: b\n") == [{"80": "a", "true": "b"}]


def test_a_duplicate_key_is_refused_with_its_line():
    found = problem("a: 1\nb:\n  c: 1\n  c: 2\n")
    assert str(found) == 'f.yaml:4:3: the key "c" is already set in this map'


def test_a_duplicate_key_after_conversion_is_refused():
    assert problem('80: a\n"80": b\n').line == 2


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a:\n\tb: 1", 2, "a tab is not allowed as indentation"),
        ("a: b: c", 1, "mapping values are not allowed"),
        ('a: "x', 1, "unexpected end of stream"),
        ("a: @b", 1, 'cannot start with "@"'),
        ("a: *nowhere", 1, 'no anchor "&nowhere"'),
        ("? [a]\n: b", 1, "a key must be a string"),
        ("~: b", 1, "a key must be a string, not null"),
        ("a: !!set {}", 1, "is not supported"),
        ("a: !thing x", 1, "is not supported"),
        ("- a", 1, "must be an object"),
        ("just text", 1, "must be an object"),
        ("a: \x01", 1, "is not allowed"),
        ("kind: List\nitems:\n- 3\n", 3, "must be an object"),
        ("<<: 3\n", 1, "<< takes a map"),
    ],
)
def test_broken_yaml_is_refused_with_line_and_reason(text, line, part):
    found = problem(text)
    assert (found.file, found.line) == ("f.yaml", line)
    assert part in found.message


def test_a_template_is_recognised():
    assert "helm template" in problem("a: {{ .Values.x }}\n").hint


def test_bytes_that_are_no_text_are_refused():
    found = problem("a: é\nb: é ".encode() + b"\xff\n")
    assert (found.line, found.column, found.quote) == (2, 6, "b: é \ufffd")
    assert problem(b"\xff\xfea").message == "not a text in UTF-16"


@pytest.mark.parametrize("before", ["a: 1\n", "a: 名前\n", "a: 1\r\n"])
def test_a_character_that_yaml_does_not_allow_is_shown_at_its_place(before):
    found = problem(f"{before}b: é\x01\n")
    assert (found.line, found.column, found.quote) == (2, 5, "b: é\x01")


def test_a_byte_order_mark_is_skipped():
    assert objects("\ufeffa: 1".encode()) == [{"a": 1}]
    assert objects("a: 1".encode("utf-16")) == [{"a": 1}]


def test_an_alias_bomb_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 10):
        aliases = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{aliases}]")
    assert "aliases expand to more than" in problem("\n".join(lines)).message


def test_an_alias_inside_itself_is_refused():
    assert "contains itself" in problem("a: &a [*a]").message


def test_deep_nesting_is_refused():
    assert "levels deep" in problem("[" * 100_000).message
    assert "levels deep" in problem("a: " + "[" * 300 + "]" * 300).message


def test_a_field_is_located_by_its_name_and_by_its_value():
    (document,) = parse_manifests("spec:\n  list:\n  - name: x\n    v: 3\n", "f")
    locate = document.source.locate
    assert locate(("spec", "list", 0, "v")) == (4, 5)
    assert locate(("spec", "list", 0, "v"), value=True) == (4, 8)
    assert locate(("spec", "list", 0)) == (3, 5)


def test_a_field_that_was_not_written_is_located_at_what_is_there():
    (document,) = parse_manifests("spec:\n  list:\n  - name: x\n", "f")
    assert document.source.locate(("spec", "list", 0, "image")) == (3, 5)
    assert document.source.locate(("spec", "list", 7)) == (2, 3)
    assert document.source.locate(("nothing",)) == (1, 1)


def test_a_merged_field_is_located_where_it_was_written():
    (document,) = parse_manifests("base: &b\n  x: 1\nc:\n  <<: *b\n", "f")
    assert document.source.locate(("c", "x")) == (2, 3)


def test_files_folders_and_standard_input_are_read_in_the_order_given(tmp_path):
    (tmp_path / "b.yaml").write_text("n: 2")
    (tmp_path / "a.json").write_text('{"n": 1}')
    (tmp_path / "notes.txt").write_text("note: none")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "c.yml").write_text("n: 3")
    single = tmp_path / "notes.txt"
    found = read_manifests(["-", str(tmp_path), str(single)], stdin=io.StringIO("n: 0").read)
    assert [document.obj for document in found] == [
        {"n": 0},
        {"n": 1},
        {"n": 2},
        {"note": "none"},
    ]
    assert found[0].source.file == "<stdin>"
    assert found[1].source.file == str(tmp_path / "a.json")
    assert len(read_manifests([str(tmp_path)], recursive=True)) == 3


def test_a_url_is_fetched():
    seen = []

    def fetch(url):
        seen.append(url)
        return b"a: 1"

    assert read_manifests(["https://x/y.yaml"], fetch=fetch)[0].obj == {"a": 1}
    assert seen == ["https://x/y.yaml"]


def test_a_url_that_does_not_answer_is_a_problem():
    def fetch(url):
        raise TimeoutError("timed out")

    with pytest.raises(ManifestError, match=r"https://x: cannot be read: timed out"):
        read_manifests(["https://x"], fetch=fetch)


def test_an_input_without_an_object_is_an_error(tmp_path):
    empty = tmp_path / "empty.yaml"
    empty.write_text("# nothing\n")
    with pytest.raises(ManifestError, match=f"no objects found in {empty}"):
        read_manifests([str(empty)])
    with pytest.raises(ManifestError, match="no objects found in <stdin>"):
        read_manifests(["-"], stdin=lambda: "")


def test_a_missing_path_and_an_empty_folder_are_both_reported(tmp_path):
    with pytest.raises(ManifestError) as caught:
        read_manifests([str(tmp_path / "nowhere.yaml"), str(tmp_path)])
    first, second = caught.value.problems
    assert first.message == f'the path "{tmp_path / "nowhere.yaml"}" does not exist'
    assert "no manifest in this folder" in second.message


def test_every_broken_file_of_a_folder_is_reported(tmp_path):
    (tmp_path / "a.yaml").write_text("a: b: c")
    (tmp_path / "b.yaml").write_text("\tx")
    with pytest.raises(ManifestError) as caught:
        read_manifests([str(tmp_path)])
    assert len(caught.value.problems) == 2


def test_an_alias_can_be_a_key_and_stand_in_a_list():
    assert objects("a: &k key\n? *k\n: 1\nl: [*k]\n") == [{"a": "key", "key": 1, "l": ["key"]}]


def test_a_list_of_nothing_has_no_objects():
    assert objects("kind: List\nitems:\n") == []
    assert "must be an object" in problem("kind: List\nitems: 3\n").message


def test_binary_text_is_decoded_and_other_bytes_are_refused():
    assert objects("a: !!binary eA==\n") == [{"a": "x"}]
    assert "base64" in problem("a: !!binary 8\n").message


def test_braces_that_are_no_json_keep_their_tab_error():
    assert "broken YAML" in problem("{a: 1,\n\t b: @}").message


def test_text_that_no_encoding_can_hold_is_refused():
    found = problem("a: 1\nb: \ud800")
    assert "UTF-8" in found.message
    assert (found.line, found.column) == (2, 4)


def test_a_field_behind_several_merges_is_located_in_the_right_one():
    text = "a: &a {x: 1}\nb: &b {y: 1}\nc:\n  <<: [*a, *b]\n  z: 1\n"
    (document,) = parse_manifests(text, "f")
    assert document.source.locate(("c", "y")) == (2, 8)
    assert document.source.locate(("c", "nothing")) == (3, 1)
    assert document.source.locate(("c", "z", "deeper")) == (5, 3)


def test_a_file_that_cannot_be_read_is_a_problem_of_its_own(tmp_path):
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    with pytest.raises(ManifestError):
        read_manifests([str(tmp_path / "loop.yaml")])


def test_a_path_that_does_not_exist_is_told_with_the_one_that_was_meant(tmp_path):
    (tmp_path / "web.yaml").write_text("", encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        read_manifests([str(tmp_path / "wbe.yaml")])
    (problem,) = caught.value.problems
    assert problem.hint == f"did you mean {tmp_path / 'web.yaml'}?"
    with pytest.raises(ManifestError) as caught:
        read_manifests([str(tmp_path / "none" / "wbe.yaml")])
    assert caught.value.problems[0].hint == ""


def test_a_list_without_items_has_no_objects():
    assert objects("apiVersion: v1\nkind: List\n") == []


def test_a_folder_whose_manifests_lie_deeper_names_the_flag_for_them(tmp_path):
    (tmp_path / "deeper").mkdir()
    with pytest.raises(ManifestError) as caught:
        read_manifests([str(tmp_path)])
    (found,) = caught.value.problems
    assert found.hint == "-R reads the folders inside it, too"


def test_a_url_that_leads_nowhere_is_told_in_the_words_of_the_connection():
    def fetch(_):
        raise urllib.error.URLError(ConnectionRefusedError(111, "Connection refused"))

    with pytest.raises(ManifestError) as caught:
        read_manifests(["http://127.0.0.1:1/web.yaml"], fetch=fetch)
    (found,) = caught.value.problems
    assert found.message == "cannot be read: Connection refused"
