#!/bin/sh
# Makes sure that a Docker Engine answers; silent and quick when one does.
#
# Looks at DOCKER_HOST if it is set (and at nothing else then), else at the current Docker
# context, else at the default socket. Only when the default socket is the one to use and nothing
# answers there does it act: it installs Debian's or Ubuntu's docker.io, or starts a dockerd that
# is installed on a machine without an init system. It never removes or replaces a package, and
# never leaves a choice that somebody made (DOCKER_HOST, a context) for another one.
set -u

# dockerd and dpkg-query's helpers live in sbin, which the PATH of some root shells lacks.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH

SOCKET=/var/run/docker.sock
LOG=/var/log/minisets-dockerd.log
APT_LOG=/var/log/minisets-apt.log
LOCK=/var/run/minisets-engine.lock
START_SECONDS=60

say() { printf 'engine: %s\n' "$*" >&2; }
die() {
    say "$1"
    shift
    for line in "$@"; do printf '        %s\n' "$line" >&2; done
    exit 1
}

# Linux distributions' own python3 starts faster than a version manager's shim of the same name.
PYTHON=python3
[ -x /usr/bin/python3 ] && [ "$(uname -s)" = Linux ] && PYTHON=/usr/bin/python3
command -v "$PYTHON" >/dev/null 2>&1 || die "python3 is not installed."

# Finds the endpoint and asks it for /_ping. Python, because curl may be absent and a context is
# JSON. Exit status: 0 it answers, 10 the default socket does not, 11 the default socket may not be
# used by this user, 1 an endpoint that somebody chose does not answer (the reason on stderr).
# Arguments: seconds to keep trying, and the process without which trying makes no sense (or 0).
PROBE=$(cat <<'PYTHON_END'
import json, os, socket, sys, time

DEFAULT = "/var/run/docker.sock"

class Failure(Exception):
    pass

def endpoint():
    """Return (url, TLS directory or None, whether to verify, who chose it or None)."""
    host = os.environ.get("DOCKER_HOST")
    if host:
        verify = bool(os.environ.get("DOCKER_TLS_VERIFY"))
        directory = os.environ.get("DOCKER_CERT_PATH")
        if verify and not directory:
            directory = os.path.expanduser("~/.docker")
        return host, directory if verify or os.environ.get("DOCKER_TLS") else None, verify, "DOCKER_HOST"
    config = os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
    name, chooser = os.environ.get("DOCKER_CONTEXT"), "DOCKER_CONTEXT"
    if not name:
        file = os.path.join(config, "config.json")
        chooser = "the current context in " + file
        try:
            with open(file, encoding="utf-8") as stream:
                name = json.load(stream).get("currentContext")
        except (FileNotFoundError, PermissionError):
            pass  # as the docker command does: su keeps another user's HOME
        except (OSError, ValueError, AttributeError) as error:
            raise Failure("cannot read %s: %s" % (file, error))
    if not name or name == "default":
        return "unix://" + DEFAULT, None, False, None
    import hashlib
    key = hashlib.sha256(name.encode()).hexdigest()
    try:
        with open(os.path.join(config, "contexts", "meta", key, "meta.json"), encoding="utf-8") as stream:
            entry = json.load(stream)["Endpoints"]["docker"]
        url = entry["Host"]
    except FileNotFoundError:
        raise Failure("the Docker context %r does not exist (chosen by %s)" % (name, chooser))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failure("cannot read the Docker context %r: %r" % (name, error))
    tls = os.path.join(config, "contexts", "tls", key, "docker")
    return (url, tls if os.path.isdir(tls) else None, not entry.get("SkipTLSVerify"),
            "%s, context %r" % (chooser, name))

def stream_to(url, tls, verify, seconds):
    if url.startswith("unix://"):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(seconds)
        link.connect(url[len("unix://"):])
        return link
    from urllib.parse import urlsplit
    parts = urlsplit(url)
    if parts.scheme not in ("tcp", "http", "https"):
        raise Failure("%s is not an endpoint that can be asked" % url)
    secure = bool(tls) or parts.scheme == "https"
    link = socket.create_connection((parts.hostname, parts.port or (2376 if secure else 2375)), seconds)
    if secure:
        import ssl
        context = ssl.create_default_context()
        if tls:
            ca, cert, private = (os.path.join(tls, n) for n in ("ca.pem", "cert.pem", "key.pem"))
            if os.path.exists(ca):
                context.load_verify_locations(ca)
            if os.path.exists(cert):
                context.load_cert_chain(cert, private)
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        link = context.wrap_socket(link, server_hostname=parts.hostname)
    return link

def ask(url, tls, verify, seconds):
    request = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"
    if url.startswith("ssh://"):
        import subprocess
        from urllib.parse import urlsplit
        parts = urlsplit(url)
        target = (parts.username + "@" if parts.username else "") + (parts.hostname or "")
        port = ["-p", str(parts.port)] if parts.port else []
        # BatchMode: a question for a password would hang a build.
        command = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", *port, "--", target,
                   "docker", "system", "dial-stdio"]
        done = subprocess.run(command, input=request, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=20)
        answer = done.stdout
        if not answer:
            raise Failure(done.stderr.decode(errors="replace").strip() or "ssh gave no answer")
    else:
        with stream_to(url, tls, verify, seconds) as link:
            link.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer:
                part = link.recv(4096)
                if not part:
                    break
                answer += part
    first = answer.split(b"\r\n", 1)[0].decode(errors="replace")
    if not (first.startswith("HTTP/1.") and first.split(" ")[1:2] == ["200"]):
        raise Failure("it answered %r to a ping" % first)

def alive(process):
    try:
        with open("/proc/%d/stat" % process) as stream:
            return stream.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False

def main(wait, process):
    url, chooser = "", None
    try:
        url, tls, verify, chooser = endpoint()
        end = time.monotonic() + wait
        while True:
            try:
                # A dockerd that starts accepts before it answers, so one try may take a while.
                return ask(url, tls, verify, max(5.0, wait))
            except (OSError, Failure):
                if time.monotonic() > end or (process and not alive(process)):
                    raise
                time.sleep(0.1)
    except Exception as error:
        if not url:
            sys.exit("engine: %s" % error)
        if chooser is None:
            sys.exit(11 if isinstance(error, PermissionError) else 10)
        sys.exit("engine: no Docker Engine answers at %s (chosen by %s): %s\n"
                 "        Start it, or choose another one." % (url, chooser, error))

main(float(sys.argv[1]), int(sys.argv[2]))
PYTHON_END
)

# -I -S: nobody's site-packages are wanted, and the start is faster without them.
answers() { "$PYTHON" -I -S -c "$PROBE" "${1:-0}" "${2:-0}"; }

# Says whether process $1 is gone, or dead and only not collected by its parent yet.
is_dead() {
    case "$(sed 's/.*) //;s/ .*//' "/proc/$1/stat" 2>/dev/null)" in
        "" | Z | X) return 0 ;;
        *) return 1 ;;
    esac
}

# Says whether process $1 runs the program $2 as one of this machine's own: the daemon of a
# container or of a rootless user has other namespaces and does not hold our socket.
is_process() {
    [ -n "$1" ] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] && ! is_dead "$1" &&
        [ "$(readlink "/proc/$1/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] &&
        [ "$(readlink "/proc/$1/ns/user")" = "$(readlink /proc/self/ns/user)" ]
}

process_of() {
    for entry in /proc/[0-9]*; do
        if is_process "${entry#/proc/}" "$1"; then
            echo "${entry#/proc/}"
            return 0
        fi
    done
    return 1
}

# Prints how this machine starts services; nothing where there is no init system.
start_command() {
    if [ -d /run/systemd/system ]; then
        echo "systemctl start docker"
    elif [ -d /run/openrc ]; then
        echo "rc-service docker start"
    elif [ -p /run/initctl ] || [ -p /dev/initctl ]; then
        echo "service docker start"
    fi
}

is_debian() {
    [ -r /etc/os-release ] && command -v apt-get >/dev/null 2>&1 || return 1
    # shellcheck disable=SC1091  # the file is the machine's
    case " $(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}") " in
        *" debian "* | *" ubuntu "*) return 0 ;;
        *) return 1 ;;
    esac
}

has_package() {
    case "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null)" in
        *" installed") return 0 ;;
        *) return 1 ;;
    esac
}

# Runs apt-get so that it never asks, never restarts other services, waits for another apt, and
# refuses rather than remove a package (containerd.io stands in the way of docker.io).
apt() {
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none \
        apt-get -q -y --no-remove --no-install-recommends -o DPkg::Lock::Timeout=120 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
        "$@" >>"$APT_LOG" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
}

install_engine() {
    say "no Docker Engine here: installing docker.io with apt (log: $APT_LOG)"
    : >"$APT_LOG"
    set -- docker.io iptables ca-certificates
    # A kernel with AppArmor starts no container unless the profile can be loaded.
    if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]; then
        set -- "$@" apparmor
    fi
    # Lists that are there may be too old, so a failure is tried again with new ones.
    if ! { apt-cache show docker.io >/dev/null 2>&1 && apt install "$@"; }; then
        apt update
        apt install "$@" || apt_failed=1
    fi
    # Without an init system the package's own attempt to start its service may fail, and apt with
    # it, although the program is there: what counts is the program.
    if ! command -v dockerd >/dev/null 2>&1; then
        tail -n 15 "$APT_LOG" | sed 's/^/        /' >&2
        die "apt could not install docker.io; the lines above are the end of $APT_LOG."
    fi
    [ -z "${apt_failed:-}" ] || say "apt reported a problem, see $APT_LOG; going on with $(command -v dockerd)"
}

# Removes what a dead daemon left behind and a new one would trip over. Each of the three is
# proven to be without owner first.
remove_stale_files() {
    pid=$(cat /var/run/docker.pid 2>/dev/null)
    if [ -n "$pid" ] && ! is_process "$pid" dockerd; then
        say "removing /var/run/docker.pid, left by a dockerd that is dead (process $pid)"
        rm -f /var/run/docker.pid
    fi
    # dockerd takes any living process of this number for its containerd, and then waits in vain.
    pid=$(cat /var/run/docker/containerd/containerd.pid 2>/dev/null)
    if [ -n "$pid" ] && ! is_process "$pid" containerd; then
        rm -f /var/run/docker/containerd/containerd.pid
    fi
    # dockerd uses a system containerd whenever this socket exists, also a dead one.
    if [ -S /run/containerd/containerd.sock ] && ! process_of containerd >/dev/null; then
        rm -f /run/containerd/containerd.sock
    fi
}

fail_with_log() {
    tail -n 15 "$LOG" | sed 's/^/        /' >&2
    die "$1; the lines above are the end of $LOG."
}

start_engine() {
    remove_stale_files
    say "starting dockerd (log: $LOG)"
    # Detached, with no descriptor of ours: neither a closing terminal nor a waiting pipe may be
    # tied to the daemon, and the lock must not outlive this script.
    (
        cd / || exit 1
        exec setsid nohup dockerd >>"$LOG" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    ) &
    daemon=$!
    answers "$START_SECONDS" "$daemon" && return 0
    is_dead "$daemon" && fail_with_log "dockerd ended while starting"
    fail_with_log "dockerd does not answer on $SOCKET after $START_SECONDS seconds"
}

answers
status=$?
case $status in
    0) exit 0 ;;
    10) ;;
    11) die "this user may not use $SOCKET." \
        "Join the docker group (then log in again), run as root, or set DOCKER_HOST." ;;
    *) exit 1 ;;
esac

# From here on the default socket is the one to use, and nothing answers there.
[ "$(uname -s)" = Linux ] ||
    die "no Docker Engine answers on $SOCKET." "Start Docker (Docker Desktop, colima, ...), or set DOCKER_HOST."
[ "$(id -u)" = 0 ] ||
    die "no Docker Engine answers on $SOCKET." \
        "Start it ($(start_command | sed 's/^/sudo /;s/^$//' | grep . || echo 'sudo scripts/engine.sh'))," \
        "install one (https://docs.docker.com/engine/install/), or set DOCKER_HOST."

# Two builds at once must not install or start twice.
if command -v flock >/dev/null 2>&1; then
    exec 9>"$LOCK"
    flock -w 300 9 || die "another run of this script holds $LOCK for five minutes now."
fi

wait_for_running() {
    say "dockerd (process $1) runs; waiting for its answer"
    answers "$START_SECONDS" "$1" && exit 0
    die "dockerd (process $1) runs, but does not answer on $SOCKET." \
        "Look at its log, or set DOCKER_HOST to the address it listens on."
}

answers 2>/dev/null && exit 0
if running=$(process_of dockerd); then wait_for_running "$running"; fi

installed_now=
if ! command -v dockerd >/dev/null 2>&1; then
    is_debian || die "no Docker Engine is installed, and this machine is neither Debian nor Ubuntu." \
        "Install one (https://docs.docker.com/engine/install/), or set DOCKER_HOST."
    if has_package docker-ce; then
        die "the package docker-ce is installed, but there is no dockerd; not touching it." \
            "Repair it (apt-get install --reinstall docker-ce), or set DOCKER_HOST."
    fi
    install_engine
    installed_now=yes
    # The package may have started its service.
    if running=$(process_of dockerd); then wait_for_running "$running"; fi
fi

service=$(start_command)
if [ -z "$service" ]; then
    start_engine
elif [ -n "$installed_now" ]; then
    $service >/dev/null 2>&1 </dev/null 9>&-
    answers "$START_SECONDS" || die "docker.io was installed, but does not answer on $SOCKET." \
        "See: journalctl -u docker"
else
    die "a Docker Engine is installed, but not running." "Start it: $service"
fi
say "a Docker Engine answers on $SOCKET"
