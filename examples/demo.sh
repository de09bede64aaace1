#!/bin/sh
# Runs examples/web and shows what minisets is for. Every command is printed before it runs.
# Can be run again at any time; the pods stay. `make demo` prepares what it needs.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export PATH
# The example lives in the default namespace, wherever this shell works otherwise.
unset MINISETS_NAMESPACE

FILE=examples/web/web.yaml
IMAGE=registry.k8s.io/nginx-slim:0.24
PAGE=/usr/share/nginx/html/index.html

title() { printf '\n## %s\n' "$*"; }
# Prints a command line, then runs exactly this line.
run() {
    printf '\n$ %s\n' "$1"
    eval "$1"
}
address() { minisets exec "$1" -- hostname -i; }

python scripts/images.py --stand-in "$IMAGE"

title "Three pods from an ordinary manifest, each started when the one before it is ready"
run "minisets apply -f $FILE"
run "minisets get pods -o wide"

title "Each pod has a volume of its own"
run "minisets get pvc"

title "Each pod has a name, which the others see; the Service's name stands for all"
lookup=nslookup
minisets exec web-0 -- sh -c 'command -v nslookup' >/dev/null 2>&1 || lookup="getent hosts"
run "minisets exec web-0 -- hostname -f"
run "minisets exec web-0 -- $lookup web-1.nginx"
run "minisets exec web-0 -- $lookup nginx"

title "Data survives its pod"
written="written to web-1 at $(date '+%H:%M:%S')"
run "minisets exec web-1 -- sh -c 'echo \"$written\" > $PAGE'"
before=$(address web-1)

title "A container is lost"
if command -v docker >/dev/null 2>&1; then
    run "docker rm -f web-1"
else
    printf '\n$ docker rm -f web-1   # no docker command here: through its API\n'
    PYTHONPATH=. python -c '
from scripts.images import client
client().remove_container("web-1", force=True)'
fi
run "minisets get pods"

title "The same command repairs it: same name, same address, same data"
run "minisets apply -f $FILE"
run "minisets get pods -o wide"
run "minisets exec web-1 -- cat $PAGE"
after=$(address web-1)

read_back=$(minisets exec web-1 -- cat "$PAGE")
if [ "$read_back" != "$written" ] || [ "$before" != "$after" ]; then
    printf '\nThis is not right: web-1 was "%s" at %s, and is "%s" at %s.\n' \
        "$written" "$before" "$read_back" "$after" >&2
    exit 1
fi

cat <<END

The pods stay. In this folder (or with .venv/bin on your PATH):

  look around   .venv/bin/minisets get pods -o wide
                .venv/bin/minisets logs web-0
                .venv/bin/minisets exec -it web-0 -- sh
                .venv/bin/minisets scale sts web --replicas=5
  park          .venv/bin/minisets stop        and later: .venv/bin/minisets start
  clean up      .venv/bin/minisets delete -f $FILE --volumes
END
