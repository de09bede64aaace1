"""A registry with one image and a password, as small as an Engine accepts it."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from minisets.core.pod.programs import pause_program

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass(frozen=True)
class Registry:
    """Where it listens, and the image that it has."""

    server: str
    image: str


class _Handler(BaseHTTPRequestHandler):
    wanted: ClassVar[str] = ""
    manifest: ClassVar[bytes] = b""
    blobs: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != self.wanted:
            self._send(401, b"{}", **{"WWW-Authenticate": 'Basic realm="test"'})
            return
        place, _, name = self.path.rpartition("/")
        if self.path == "/v2/":
            self._send(200, b"{}")
        elif place.endswith("/blobs") and name in self.blobs:
            self._send(200, self.blobs[name], "application/octet-stream")
        elif place.endswith("/manifests") and name in {"1", _digest(self.manifest)}:
            known = {"Docker-Content-Digest": _digest(self.manifest)}
            self._send(200, self.manifest, _MANIFEST, **known)
        else:
            self._send(404, b"{}")

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(
        self, code: int, body: bytes, kind: str = "application/json", **headers: str
    ) -> None:
        self.send_response(code)
        own = {"Content-Type": kind, "Content-Length": str(len(body))}
        for key, value in (own | headers).items():
            self.send_header(key, value)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def registry(username: str, password: str, architecture: str) -> Iterator[Registry]:
    """Run a registry on a free port of this machine."""
    manifest, blobs = _image(architecture)
    login = base64.b64encode(f"{username}:{password}".encode()).decode()
    own = {"wanted": f"Basic {login}", "manifest": manifest, "blobs": blobs}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), own))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    place = f"127.0.0.1:{server.server_address[1]}"
    try:
        yield Registry(server=place, image=f"{place}/team/pause:1")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _image(architecture: str) -> tuple[bytes, dict[str, bytes]]:
    program = pause_program(architecture)
    assert program is not None
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        entry = tarfile.TarInfo("pause")
        entry.size, entry.mode = len(program), 0o755
        tar.addfile(entry, io.BytesIO(program))
    layer = gzip.compress(stream.getvalue(), mtime=0)
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Entrypoint": ["/pause"], "StopSignal": "SIGKILL"},
            "rootfs": {"type": "layers", "diff_ids": [_digest(stream.getvalue())]},
        }
    ).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {"mediaType": _CONFIG, "size": len(config), "digest": _digest(config)},
        "layers": [{"mediaType": _LAYER, "size": len(layer), "digest": _digest(layer)}],
    }
    return json.dumps(manifest).encode(), {_digest(config): config, _digest(layer): layer}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
