from __future__ import annotations

import base64
import json

import pytest

from minisets.core.records.registry_login import (
    RegistryLogin,
    logins_for,
    parse_logins,
    split_image,
)

CONFIG = "kubernetes.io/dockerconfigjson"
OLD_CONFIG = "kubernetes.io/dockercfg"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def login(server: str) -> RegistryLogin:
    return RegistryLogin(server=server, username="me", password="x")  # noqa: S106


def parsed(entry: object, server: str = "r.example") -> list[tuple[str, str]]:
    content = json.dumps({"auths": {server: entry}}).encode()
    found = parse_logins(CONFIG, {".dockerconfigjson": content})
    return [(one.username, one.password) for one in found]


def test_both_forms_and_both_ways_to_write_a_password_are_read():
    assert parsed({"username": "me", "password": "x"}) == [("me", "x")]
    assert parsed({"auth": encoded("me:x:y")}) == [("me", "x:y")]
    assert parsed({"username": "no", "password": "no", "auth": encoded("me:x")}) == [("me", "x")]
    content = json.dumps({"r.example": {"auth": encoded("me:x")}}).encode()
    (found,) = parse_logins(OLD_CONFIG, {".dockercfg": content})
    assert (found.server, found.username, found.password) == ("r.example", "me", "x")


@pytest.mark.parametrize(
    "entry", [{}, {"auth": "!"}, {"auth": encoded("no colon")}, "text", None, {"password": "x"}]
)
def test_an_entry_that_cannot_be_read_is_passed_over(entry):
    assert parsed(entry) == []


def test_what_is_no_docker_config_holds_no_credentials():
    assert parse_logins("Opaque", {".dockerconfigjson": b"{}"}) == ()
    for content in (b"no json", b"[]", b'{"auths": []}', b"\xff"):
        assert parse_logins(CONFIG, {".dockerconfigjson": content}) == ()
    assert parse_logins(CONFIG, {}) == ()


def test_a_password_is_not_shown():
    assert "x" not in repr(RegistryLogin(server="r", username="me", password="x"))  # noqa: S106


@pytest.mark.parametrize(
    ("image", "host", "path"),
    [
        ("nginx:1", "index.docker.io", "library/nginx:1"),
        ("me/app", "index.docker.io", "me/app"),
        ("docker.io/me/app", "index.docker.io", "me/app"),
        ("r.example/a/b:1", "r.example", "a/b:1"),
        ("localhost/a", "localhost", "a"),
        ("r:5000/a@sha256:0", "r:5000", "a@sha256:0"),
    ],
)
def test_an_image_names_its_registry(image, host, path):
    assert split_image(image) == (host, path)


@pytest.mark.parametrize(
    ("server", "image", "fits"),
    [
        ("https://index.docker.io/v1/", "nginx", True),
        ("docker.io", "me/app", True),
        ("https://index.docker.io/v1/", "r.example/app", False),
        ("r.example", "r.example/app", True),
        ("https://r.example/v2/", "r.example/app", True),
        ("r.example/team", "r.example/team/app", True),
        ("r.example/team", "r.example/other/app", False),
        ("r.example:5000", "r.example:5000/app", True),
        ("r.example", "r.example:5000/app", False),
        ("*.example", "r.example/app", True),
        ("*.example", "a.r.example/app", False),
        ("*.example:5000", "r.example:5000/app", True),
        ("*.example:5000", "r.example:5001/app", False),
    ],
)
def test_a_server_fits_an_image(server, image, fits):
    assert bool(logins_for(image, [login(server)])) is fits


def test_the_most_specific_comes_first():
    servers = ["*.example", "r.example", "r.example/team/app", "r.example/team"]
    found = logins_for("r.example/team/app:1", [login(server) for server in servers])
    assert [one.server for one in found] == [
        "r.example/team/app",
        "r.example/team",
        "r.example",
        "*.example",
    ]
