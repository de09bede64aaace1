"""The output formats of get: ``-o`` as kubectl takes it, and objects written in each of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from minisets.errors import InputError

if TYPE_CHECKING:
    from minisets.core.query.columns import Column
    from minisets.core.query.jsonpath import Template

Format = Literal[
    "table", "wide", "name", "json", "yaml", "jsonpath", "jsonpath-as-json", "columns"
]
Object = dict[str, Any]

_TEXT = "tag:yaml.org,2002:str"
_FORMATS = (
    "wide",
    "name",
    "json",
    "yaml",
    "jsonpath",
    "jsonpath-file",
    "jsonpath-as-json",
    "custom-columns",
    "custom-columns-file",
)
_GO_FORMATS = ("go-template", "go-template-file", "template", "templatefile")


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One format.

    Attributes:
        template: Of the JSONPath formats.
        columns: Of the user's own tables.
        is_strict: A JSONPath that leads to nothing is an error.
    """

    format: Format = "table"
    template: Template | None = None
    columns: tuple[Column, ...] = ()
    is_strict: bool = False

    @property
    def is_table(self) -> bool:
        """It is one of the tables that kubectl knows."""
        return self.format in {"table", "wide"}


TABLE = Output()


def parse_output(text: str | None, *, is_strict: bool = False) -> Output:
    """Read what stands behind ``-o``.

    Raises:
        InputError: There is no such format, or its template is wrong or cannot be read.
    """
    if text is None:
        return TABLE
    name, _, rest = text.partition("=")
    match name:
        case "wide" | "name" | "json" | "yaml" if name == text:
            return Output(format=name)
        case "jsonpath" | "jsonpath-file" | "jsonpath-as-json":
            from minisets.core.query.jsonpath import parse

            if not rest:
                raise InputError(f"template format specified but no template given: {text}")
            return Output(
                format="jsonpath-as-json" if name == "jsonpath-as-json" else "jsonpath",
                template=parse(_read(rest) if name == "jsonpath-file" else rest),
                is_strict=is_strict,
            )
        case "custom-columns":
            from minisets.core.query.columns import parse_columns

            return Output(format="columns", columns=parse_columns(rest))
        case "custom-columns-file":
            from minisets.core.query.columns import parse_columns_file

            return Output(format="columns", columns=parse_columns_file(_read(rest)))
        case _:
            raise _unknown(text, name)


def _unknown(text: str, name: str) -> InputError:
    if name in _GO_FORMATS:
        return InputError(
            "Go templates are not supported",
            hint="use -o jsonpath='{.items[*].metadata.name}', "
            "or -o custom-columns=NAME:.metadata.name",
        )
    allowed = ", ".join(_FORMATS)
    return InputError(
        f'unable to match a printer suitable for the output format "{text}", '
        f"allowed formats are: {allowed}"
    )


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the template {path!r}: {error}") from error


def write_objects(output: Output, items: Sequence[Object], *, is_single: bool) -> str:
    """Return objects in a format that is made from them: YAML, JSON, JSONPath.

    Args:
        output: Not a table.
        items: To write.
        is_single: One object was asked for by its name: it is no list.

    Raises:
        InputError: The template does not fit the objects.
    """
    whole = items[0] if is_single and len(items) == 1 else as_list(items)
    if output.format == "yaml":
        return to_yaml(whole)
    if output.template is None:
        return to_json(whole)
    from minisets.core.query import jsonpath

    if output.format == "jsonpath":
        return jsonpath.render(output.template, whole, allow_missing_keys=not output.is_strict)
    found = jsonpath.select(output.template, whole, allow_missing_keys=not output.is_strict)
    return json.dumps(found, indent=4, ensure_ascii=False)


def as_list(items: Sequence[Object]) -> Object:
    """Return several objects as the List that kubectl prints."""
    return {
        "apiVersion": "v1",
        "items": list(items),
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    }


def to_json(value: Object) -> str:
    """Return JSON as kubectl writes it: four spaces, keys in order."""
    return json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False)


def to_yaml(value: dict[str, Any]) -> str:
    """Return YAML as kubectl writes it: keys in order, text of several lines as a block."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes no anchors: kubectl's readers would accept them, people would not."""

        def ignore_aliases(self, data: object) -> bool:
            """Write a value again where it stands again."""
            del data
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        # As kubectl: double quotes around what would be no text without quotes.
        tag = dumper.resolve(yaml.ScalarNode, data, (True, False))  # type: ignore[no-untyped-call]
        is_text = tag == _TEXT
        style = "|" if "\n" in data else None if is_text else '"'
        return dumper.represent_scalar(_TEXT, data, style=style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(
        value, Dumper=Dumper, allow_unicode=True, default_flow_style=False, width=10**6
    )
    return written.rstrip("\n")
