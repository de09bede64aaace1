"""The Engine reached in the ways that Docker knows: TCP, TLS, ssh and contexts.

A small proxy stands before the socket of the Engine under test, so nothing is restarted.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from minisets.engine.endpoint import DEFAULT_URL, find_endpoint
from tests.e2e.space import Space, edited

pytestmark = pytest.mark.docker

SOCKET = find_endpoint().url.removeprefix("unix://")


@pytest.fixture(autouse=True)
def local_socket() -> None:
    if not Path(SOCKET).exists():
        pytest.skip("the Engine under test is not at a socket of this machine")


@contextmanager
def proxy(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve the Engine's socket on a port of this machine until the end; yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(client,), daemon=True).start()

    def handle(client: socket.socket) -> None:
        with suppress(OSError):
            if context is not None:
                client = context.wrap_socket(client, server_side=True)
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(SOCKET)
            back = threading.Thread(target=pump, args=(engine, client), daemon=True)
            back.start()
            pump(client, engine)
            back.join()
            client.close()
            engine.close()

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
        # The other direction goes on: what is written to the end of may have an answer.
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        # A thread that waits in accept is woken by this, not by closing.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def live(space: Space, folder: Path, *, has_half_close: bool = True, **environ: str) -> None:
    """Go through what needs lists, streams, hijacked connections and archives.

    Args:
        space: To work in.
        folder: For the manifest.
        has_half_close: The end of an input can be told while the output is read: not with TLS.
        environ: The endpoint.
    """

    def run(*words: str, stdin: str = "") -> str:
        return space.minisets("-n", space.name, *words, environ=environ, stdin=stdin).out

    file = edited("web.yaml", folder, {"spec.replicas": 1})
    run("apply", "-f", str(file))
    assert run("get", "pods", "-o", "name").split() == ["pod/web-0"]
    if has_half_close:
        assert run("exec", "-i", "web-0", "--", "cat", stdin="through\n") == "through\n"
    assert run("exec", "web-0", "--", "hostname") == "web-0\n"
    run("logs", "web-0")
    run("delete", "sts", "web", "--volumes", "--now")
    assert not space.running()


def test_plain_tcp(space: Space, tmp_path: Path):
    with proxy() as port:
        live(space, tmp_path, DOCKER_HOST=f"tcp://127.0.0.1:{port}")


def test_a_docker_context_by_option_and_by_variable(space: Space, tmp_path: Path):
    with proxy() as port:
        name = "far"
        folder = tmp_path / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
        folder.mkdir(parents=True)
        meta = {"Name": name, "Endpoints": {"docker": {"Host": f"tcp://127.0.0.1:{port}"}}}
        (folder / "meta.json").write_text(json.dumps(meta))
        environ = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_HOST": ""}

        by_option = space.minisets("--context", name, "version", "-o", "json", environ=environ)
        by_variable = space.minisets(
            "version", "-o", "json", environ={**environ, "DOCKER_CONTEXT": name}
        )

        for said in (by_option.json(), by_variable.json()):
            assert said["engine"]["reachable"]
            assert said["engine"]["endpoint"].endswith(f":{port}")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A throwaway authority with a certificate for the server and one for the client."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not here")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    ca = ("-addext", "keyUsage=critical,keyCertSign")
    openssl(
        "req", "-x509", *new, "-subj", "/CN=test", *ca, "-keyout", "cakey.pem", "-out", "ca.pem"
    )
    names = (("server", "subjectAltName=IP:127.0.0.1"), ("client", "extendedKeyUsage=clientAuth"))
    for name, extension in names:
        key = "key.pem" if name == "client" else "serverkey.pem"
        openssl("req", *new, "-subj", f"/CN={name}", "-keyout", key, "-out", f"{name}.csr")
        (folder / f"{name}.ext").write_text(f"{extension}\nauthorityKeyIdentifier=keyid\n")
        openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "cakey.pem",
            "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext",
            "-out", "cert.pem" if name == "client" else "servercert.pem",
        )  # fmt: skip
    return folder


@pytest.fixture
def tls_port(certificates: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "servercert.pem", certificates / "serverkey.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with proxy(context) as port:
        yield port


def test_tls_with_certificates_of_both_sides(
    space: Space, tls_port: int, certificates: Path, tmp_path: Path
):
    live(
        space,
        tmp_path,
        DOCKER_HOST=f"tcp://127.0.0.1:{tls_port}",
        DOCKER_TLS_VERIFY="1",
        DOCKER_CERT_PATH=str(certificates),
        has_half_close=False,
    )


def test_tls_with_an_authority_that_is_not_known_is_refused_with_a_hint(
    space: Space, tls_port: int, certificates: Path, tmp_path: Path
):
    for name in ("cert.pem", "key.pem"):
        shutil.copy(certificates / name, tmp_path)

    said = space.minisets(
        "get",
        "pods",
        code=3,
        environ={
            "DOCKER_HOST": f"tcp://127.0.0.1:{tls_port}",
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(tmp_path),
        },
    )

    assert "TLS failed" in said.err
    assert "DOCKER_CERT_PATH" in said.err


@pytest.fixture
def ssh_home(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A server of ssh for this user alone, on a port of its own, and a home that trusts it."""
    server = shutil.which("sshd") or "/usr/sbin/sshd"
    if os.geteuid() or not (Path(server).exists() and shutil.which("ssh")):
        pytest.skip("no sshd that could be started here")
    for key in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / key)], check=True
        )
    shutil.copy(tmp_path / "user.pub", tmp_path / "authorized_keys")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lines = [
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {tmp_path}/host",
        f"AuthorizedKeysFile {tmp_path}/authorized_keys",
        f"PidFile {tmp_path}/pid",
        "StrictModes no",
        "UsePAM no",
        "PermitRootLogin yes",
    ]
    (tmp_path / "sshd").write_text("\n".join(lines) + "\n")
    Path("/run/sshd").mkdir(exist_ok=True)
    # The program ssh asks the system for the home, so it is told by a program of that name.
    programs = tmp_path / "bin"
    programs.mkdir()
    ssh = programs / "ssh"
    ssh.write_text(
        f"#!/bin/sh\nexec {shutil.which('ssh')} -i {tmp_path}/user -o IdentitiesOnly=yes "
        f'-o StrictHostKeyChecking=no -o UserKnownHostsFile={tmp_path}/known "$@"\n'
    )
    ssh.chmod(0o755)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [server, "-D", "-e", "-f", str(tmp_path / "sshd")], stdout=log, stderr=log
        )
    yield programs, port
    process.terminate()
    process.wait()


def test_ssh(space: Space, ssh_home: tuple[Path, int], tmp_path: Path):
    # The other side of ssh knows no other.
    if f"unix://{SOCKET}" != DEFAULT_URL:
        pytest.skip("the Engine under test is not at the default socket")
    programs, port = ssh_home

    live(
        space,
        tmp_path,
        DOCKER_HOST=f"ssh://root@127.0.0.1:{port}",
        PATH=f"{programs}{os.pathsep}{os.environ['PATH']}",
    )
