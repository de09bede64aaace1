"""The way into a pod by the shell tools of its image: which tool, and its command.

It runs nothing; the Prober does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from minisets.engine.probe_http import Request, join_address, to_message

_TOOLS = ("curl", "nc", "bash", "wget")
# wget cannot open a bare connection, and nc and bash speak no TLS.
_ABLE: Mapping[str, tuple[str, ...]] = {
    "HTTP": ("curl", "nc", "bash", "wget"),
    "HTTPS": ("curl", "wget"),
    "TCP": ("nc", "bash", "curl"),
    # Its answer is binary, and its request one that only curl could send, if built for HTTP/2.
    "GRPC": (),
    "GRPCS": (),
}
FIND_TOOLS = (
    "for t in " + " ".join(_TOOLS) + "; do command -v $t >/dev/null 2>&1 && echo $t; done; :"
)
_SCRIPTS = {
    # To connect only: -z of most, -e of the small one of busybox, which would wait for an answer.
    "nc": '[ -n "$1" ] || { nc -z -w "$4" "$2" "$3" 2>/dev/null ||'
    ' nc -w "$4" "$2" "$3" -e true; exit $?; }; printf %s "$1" | nc -w "$4" "$2" "$3"',
    "bash": 'exec 3<>"/dev/tcp/$2/$3" || exit 1; [ -n "$1" ] || exit 0;'
    ' printf %s "$1" >&3; read -r -d "" -N 1024 -t "$4" -u 3 answer; printf %s "$answer"',
}


def parse_tools(output: bytes) -> tuple[str, ...]:
    """Return the tools that ``FIND_TOOLS`` has found, the best one first."""
    words = output.decode("ascii", "replace").split()
    return tuple(tool for tool in _TOOLS if tool in words)


def is_possible(scheme: str) -> bool:
    """Say whether any tool can send a request of this scheme."""
    return bool(_ABLE[scheme])


def choose_tool(scheme: str, known: Collection[str]) -> str | None:
    """Return the best tool of an image for a scheme; None if it has none."""
    return next((tool for tool in _ABLE[scheme] if tool in known), None)


def to_command(tool: str, request: Request, host: str, timeout: float) -> tuple[str, ...]:
    """Return the command that sends a request, and shows the answer where the tool can."""
    seconds = str(max(round(timeout), 1))
    url = f"{request.scheme.lower()}://{request.authority}{request.path}"
    headers = [f"{name}: {value}" for name, value in request.headers]
    if tool in _SCRIPTS:
        text = "" if request.scheme == "TCP" else to_message(request, request.path).decode()
        shell = "bash" if tool == "bash" else "sh"
        return (shell, "-c", _SCRIPTS[tool], shell, text, host, str(request.port), seconds)
    if tool == "curl" and request.scheme == "TCP":
        # A server that waits to be spoken to ends in a time-out, after it was connected.
        script = (
            'after=$(curl -s -m "$1" --noproxy "*" -o /dev/null'
            ' -w "%{time_connect}" "$2" </dev/null)'
            '; [ "${after#*[1-9]}" != "$after" ]'
        )
        return ("sh", "-c", script, "sh", seconds, f"telnet://{join_address(host, request.port)}")
    if tool == "curl":
        options = ("-sSkg", "--http1.1", "--noproxy", "*", "-m", seconds, "-D", "-")
        given = tuple(word for header in headers for word in ("-H", header))
        return ("curl", *options, "-o", "/dev/null", *given, url)
    secure = ("--no-check-certificate",) * (request.scheme == "HTTPS")
    given = tuple(word for header in headers for word in ("--header", header))
    return ("wget", "-q", "-T", seconds, "-O", "/dev/null", *secure, *given, url)
