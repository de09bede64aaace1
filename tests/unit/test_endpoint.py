from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from minisets.engine.endpoint import (
    DEFAULT_URL,
    Endpoint,
    TlsFiles,
    extra_headers,
    find_endpoint,
)
from minisets.errors import InputError


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"DOCKER_CONFIG": str(tmp_path)}


def add_context(
    folder: Path, name: str, host: str, *, skip: bool = False, tls: tuple[str, ...] = ()
):
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts/meta" / key
    meta.mkdir(parents=True)
    docker = {"Host": host, "SkipTLSVerify": skip}
    text = json.dumps({"Name": name, "Endpoints": {"docker": docker}})
    (meta / "meta.json").write_text(text)
    files = folder / "contexts/tls" / key / "docker"
    files.mkdir(parents=True)
    for one in tls:
        (files / f"{one}.pem").touch()
    return files


def set_current(folder: Path, name: str):
    (folder / "config.json").write_text(json.dumps({"currentContext": name}))


def test_nothing_set_is_the_default_socket(env):
    assert find_endpoint(environ=env) == Endpoint(url=DEFAULT_URL, source="default")


def test_docker_host_wins_over_every_context(env, tmp_path):
    add_context(tmp_path, "desk", "unix:///desk.sock")
    set_current(tmp_path, "desk")
    env |= {"DOCKER_HOST": "tcp://10.0.0.1:2375", "DOCKER_CONTEXT": "nosuch"}
    assert find_endpoint(environ=env) == Endpoint(url="tcp://10.0.0.1:2375", source="DOCKER_HOST")


def test_an_explicit_context_wins_over_docker_host(env, tmp_path):
    add_context(tmp_path, "desk", "unix:///desk.sock")
    env["DOCKER_HOST"] = "tcp://10.0.0.1:2375"
    found = find_endpoint("desk", environ=env)
    assert found == Endpoint(url="unix:///desk.sock", source="context desk")
    assert find_endpoint("default", environ=env).source == "DOCKER_HOST"


def test_docker_context_wins_over_the_current_one(env, tmp_path):
    add_context(tmp_path, "desk", "unix:///desk.sock")
    add_context(tmp_path, "lab", "unix:///lab.sock")
    set_current(tmp_path, "desk")
    assert find_endpoint(environ=env).url == "unix:///desk.sock"
    assert find_endpoint(environ=env | {"DOCKER_CONTEXT": "lab"}).url == "unix:///lab.sock"
    assert find_endpoint(environ=env | {"DOCKER_CONTEXT": "default"}).url == DEFAULT_URL


def test_the_home_folder_is_where_docker_keeps_it(tmp_path):
    folder = tmp_path / ".docker"
    add_context(folder, "desk", "unix:///desk.sock")
    set_current(folder, "desk")
    assert find_endpoint(environ={"HOME": str(tmp_path)}).source == "context desk"


def test_an_unknown_context_says_who_chose_it(env, tmp_path):
    with pytest.raises(InputError, match=r"'nosuch'.*--context"):
        find_endpoint("nosuch", environ=env)
    with pytest.raises(InputError, match="DOCKER_CONTEXT"):
        find_endpoint(environ=env | {"DOCKER_CONTEXT": "nosuch"})
    set_current(tmp_path, "gone")
    with pytest.raises(InputError, match=r"'gone'.*config\.json"):
        find_endpoint(environ=env)


def test_a_broken_file_is_named(env, tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json is no JSON"):
        find_endpoint(environ=env)


def test_a_context_brings_its_tls_files(env, tmp_path):
    files = add_context(tmp_path, "far", "tcp://far:2376", skip=True, tls=("ca", "cert", "key"))
    found = find_endpoint("far", environ=env)
    assert found.tls == TlsFiles(
        ca=files / "ca.pem", cert=files / "cert.pem", key=files / "key.pem"
    )
    assert found.skip_verify
    add_context(tmp_path, "plain", "tcp://plain:2375")
    assert find_endpoint("plain", environ=env).tls is None


def test_docker_tls_verify_takes_the_files_of_docker_cert_path(env, tmp_path):
    (tmp_path / "ca.pem").touch()
    env |= {"DOCKER_HOST": "tcp://far:2376", "DOCKER_CERT_PATH": str(tmp_path)}
    assert find_endpoint(environ=env).tls is None
    verified = find_endpoint(environ=env | {"DOCKER_TLS_VERIFY": "1"})
    assert verified.tls == TlsFiles(ca=tmp_path / "ca.pem")
    assert not verified.skip_verify
    assert find_endpoint(environ=env | {"DOCKER_TLS": "1"}).skip_verify
    local = env | {"DOCKER_TLS_VERIFY": "1", "DOCKER_HOST": "unix:///a.sock"}
    assert find_endpoint(environ=local).tls is None


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("far:2375", "tcp://far:2375"),
        ("far", "tcp://far:2375"),
        ("http://far:1", "http://far:1"),
    ],
)
def test_a_host_without_a_scheme_is_one_of_tcp(env, host, url):
    assert find_endpoint(environ=env | {"DOCKER_HOST": host}).url == url


def test_a_scheme_that_docker_does_not_know_is_refused(env):
    with pytest.raises(InputError, match="no address of an Engine") as caught:
        find_endpoint(environ=env | {"DOCKER_HOST": "unxi:///var/run/docker.sock"})
    assert "unix://" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        ('{"HttpHeaders": {"X-Team": "1"}}', {"X-Team": "1"}),
        ('{"HttpHeaders": []}', {}),
        ("{}", {}),
        ("no JSON", {}),
        (None, {}),
    ],
)
def test_headers_come_from_dockers_settings(tmp_path, content, headers):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    assert extra_headers(environ={"DOCKER_CONFIG": str(tmp_path)}) == headers
