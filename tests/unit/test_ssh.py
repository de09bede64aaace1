from __future__ import annotations

import pytest

from minisets.engine.ssh import command_of, dial
from minisets.errors import InputError

START = ["ssh", "-T", "-o", "ConnectTimeout=30"]
END = ["docker", "system", "dial-stdio"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ssh://host", [*START, "--", "host", *END]),
        ("ssh://me@host:2222", [*START, "-l", "me", "-p", "2222", "--", "host", *END]),
        (
            "ssh://host/run/user/1000/docker.sock",
            [
                *START,
                "--",
                "host",
                "docker",
                "--host",
                "unix:///run/user/1000/docker.sock",
                "system",
                "dial-stdio",
            ],
        ),
        ("ssh://-oProxyCommand=x", [*START, "--", "-oproxycommand=x", *END]),
    ],
)
def test_the_far_docker_is_reached_as_docker_itself_does_it(url, words):
    assert command_of(url) == words


@pytest.mark.parametrize("url", ["ssh://", "ssh://me:secret@host", "ssh://host:port"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(InputError) as caught:
        command_of(url)

    assert "secret" not in caught.value.message
    assert "ssh://user@host" in (caught.value.hint or "")


def test_without_the_ssh_command_nothing_is_left_open(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(FileNotFoundError):
        dial("ssh://host")
