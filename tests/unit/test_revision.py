from __future__ import annotations

import pytest

from minisets.core.controller.revision import (
    parse_template,
    revision_data,
    revision_name,
    template_text,
)

TEMPLATE = {
    "spec": {"containers": [{"resources": {}, "name": "c", "image": "img:t1"}]},
    "metadata": {"labels": {"app": "web"}},
}


def test_the_text_of_a_template_does_not_depend_on_the_order_of_its_keys():
    turned = dict(reversed(TEMPLATE.items()))
    assert template_text(turned) == template_text(TEMPLATE)


def test_the_text_reads_back_as_the_same_template():
    assert parse_template(template_text(TEMPLATE)) == TEMPLATE


def test_revision_data_is_the_patch_that_kubernetes_stores():
    assert revision_data(template_text(TEMPLATE)) == (
        '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"web"}},'
        '"spec":{"containers":[{"image":"img:t1","name":"c","resources":{}}]}}}}'
    )


def test_the_name_is_the_one_that_kubernetes_gives():
    assert revision_name("web", template_text(TEMPLATE)) == "web-6b64f6d4f8"


def test_a_collision_gives_another_name():
    text = template_text(TEMPLATE)
    assert len({revision_name("web", text, count) for count in range(5)}) == 5


def test_a_long_set_name_is_cut_and_the_hash_stays():
    name = revision_name("w" * 300, template_text(TEMPLATE))
    assert name == f"{'w' * 223}-6b64f6d4f8"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a < b && c > d", r'"a \u003c b \u0026\u0026 c \u003e d"'),
        ("\u2028\u2029", r'"\u2028\u2029"'),
        ('tab\tquote"back\\', r'"tab\tquote\"back\\"'),
        ("\x01\x7f", '"\\u0001\x7f"'),
        ("grün", '"grün"'),
        (1.0, "1"),
        ([0.5, True, None, {"b": 1, "a": 2.0}], '[0.5,true,null,{"a":2,"b":1}]'),
        ((1, 2), "[1,2]"),
    ],
)
def test_values_are_written_as_go_writes_them(value: object, text: str):
    assert template_text({"x": value}) == f'{{"x":{text}}}'


def test_a_text_that_is_no_mapping_is_no_template():
    with pytest.raises(TypeError, match="a mapping, not list"):
        parse_template("[]")
