from __future__ import annotations

from pathlib import Path

import click
import pytest

from minisets.cli.command import Settings
from minisets.cli.manifests import find_wanted
from minisets.cli.progress import make_screen
from minisets.core.query import kinds
from minisets.errors import InputError

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
PLACED = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\n"


@pytest.fixture(name="file")
def fixture_file(tmp_path: Path) -> Path:
    return tmp_path / "objects.yaml"


def wanted(*words: str, files: tuple[str, ...] = ()) -> tuple[kinds.Wanted, str]:
    screen = make_screen("quiet")
    return find_wanted(Settings(), screen, words, files, recursive=False)


def test_words_name_objects_of_the_command_s_namespace():
    assert wanted("pods", "web-0") == ({kinds.POD: ["web-0"]}, "default")


def test_files_name_their_objects_and_their_namespace(file: Path):
    file.write_text("---\n".join([PLACED % ("a", "prod"), PLACED % ("b", "prod")]))
    assert wanted(files=(str(file),)) == ({kinds.CONFIG_MAP: ["a", "b"]}, "prod")
    file.write_text(MAP % "a")
    assert wanted(files=(str(file),)) == ({kinds.CONFIG_MAP: ["a"]}, "default")


def test_files_about_several_namespaces_are_refused(file: Path):
    file.write_text("---\n".join([PLACED % ("a", "prod"), PLACED % ("a", "test")]))
    with pytest.raises(InputError, match="several namespaces: prod, test"):
        wanted(files=(str(file),))


@pytest.mark.parametrize(("words", "files"), [((), ()), (("pods",), ("x.yaml",))])
def test_either_words_or_files_are_given(words: tuple[str, ...], files: tuple[str, ...]):
    with pytest.raises(click.UsageError, match="either TYPE"):
        wanted(*words, files=files)
