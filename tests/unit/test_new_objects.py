from __future__ import annotations

import base64
import json

import pytest

from minisets.core.records import new_objects
from minisets.core.records.new_objects import parse_file_source, parse_literal, parse_variables
from minisets.engine.key_files import read_sources
from minisets.errors import InputError


def test_text_and_bytes_of_a_config_map_are_kept_apart():
    made = new_objects.config_map("x", [("b", b"\xff"), ("a", "ä".encode())])
    assert made["data"] == {"a": "ä"}
    assert made["binaryData"] == {"b": base64.b64encode(b"\xff").decode()}
    assert new_objects.config_map("x", []).keys() == {"apiVersion", "kind", "metadata"}


def test_a_secret_has_a_type():
    assert new_objects.secret("x", [])["type"] == "Opaque"
    made = new_objects.secret("x", [("k", b"v")], "mine")
    assert (made["type"], made["data"]) == ("mine", {"k": "dg=="})


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("k", b""), ("k", b"")], "already exists in Data"),
        ([("a b", b"")], "is not valid key name"),
        ([("..", b"")], "is not valid key name"),
    ],
)
def test_keys_are_checked(pairs, words):
    with pytest.raises(InputError, match=words):
        new_objects.config_map("x", pairs)


def test_literals():
    assert parse_literal("k=v=w") == ("k", b"v=w")
    assert parse_literal("k=") == ("k", b"")
    for wrong in ("k", "=v"):
        with pytest.raises(InputError, match="expected key=value"):
            parse_literal(wrong)


def test_sources():
    assert parse_file_source("a/b") == ("", "a/b")
    assert parse_file_source("k=a/b") == ("k", "a/b")
    for wrong in ("=a", "k=", "k=a=b"):
        with pytest.raises(InputError):
            parse_file_source(wrong)


def test_variables_are_lines_and_names_of_our_own():
    text = "\ufeffa=1\n\n# no\n  b= 2 \r\nOWN\nNONE\nd.e-f=\n"
    found = parse_variables(text, {"OWN": "x"})
    assert found == [("a", b"1"), ("b", b" 2 "), ("OWN", b"x"), ("d.e-f", b"")]
    for wrong in ("1a=x", "a b=x", "=x"):
        with pytest.raises(InputError, match="is not a valid key name"):
            parse_variables(wrong, {})


def test_files_and_folders(tmp_path):
    (tmp_path / "one").write_bytes(b"1")
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "two").write_bytes(b"2")
    (folder / "no key").write_bytes(b"3")
    found = read_sources((str(tmp_path / "one"), f"k={tmp_path / 'one'}", str(folder)))
    assert found == [("one", b"1"), ("k", b"1"), ("two", b"2")]
    with pytest.raises(InputError, match="directory path"):
        read_sources((f"k={folder}",))
    with pytest.raises(InputError, match="error reading"):
        read_sources((str(tmp_path / "nosuch"),))


def test_credentials_are_those_that_docker_writes():
    made = new_objects.docker_secret("r", "https://r.example", "me", "pass", "")
    text = base64.b64decode(made["data"][new_objects.DOCKER_KEY])
    assert made["type"] == "kubernetes.io/dockerconfigjson"
    assert json.loads(text) == {
        "auths": {
            "https://r.example": {
                "username": "me",
                "password": "pass",
                "auth": base64.b64encode(b"me:pass").decode(),
            }
        }
    }


def test_a_certificate_and_its_key_are_pem():
    cert = b"-----BEGIN CERTIFICATE-----\n"
    key = b"-----BEGIN RSA PRIVATE KEY-----\n"
    made = new_objects.tls_secret("t", cert, key)
    assert made["data"].keys() == {"tls.crt", "tls.key"}
    for wrong in ((key, key), (cert, cert), (b"", key)):
        with pytest.raises(InputError, match="failed to find any PEM data"):
            new_objects.tls_secret("t", *wrong)
