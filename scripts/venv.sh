#!/bin/sh
# Makes .venv with the pinned dependencies and this package in editable form.
#
# PYTHON=... chooses the interpreter; otherwise the first one that is new enough. As root on Debian
# and Ubuntu a missing venv module is installed with apt; elsewhere one message says what to do.
set -u
cd "$(dirname "$0")/.." || exit 1

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
    say "$1"
    shift
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

NEW_ENOUGH='import sys; sys.exit(sys.version_info < (3, 11))'
# Debian ships venv without ensurepip in the base package, so both are asked for.
HAS_VENV='import ensurepip, venv'

# Prints the first interpreter that passes all the checks given.
find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        for check in "$@"; do
            "$candidate" -c "$check" >/dev/null 2>&1 || continue 2
        done
        command -v "$candidate"
        return 0
    done
    return 1
}

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

apt() {
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get -q -y --no-remove --no-install-recommends -o DPkg::Lock::Timeout=120 \
        "$@" >.apt.log 2>&1 </dev/null
}

install_venv() {
    packages=python3-venv
    if found=$(find_python "$NEW_ENOUGH"); then
        packages="$packages python3.$("$found" -c 'import sys; print(sys.version_info[1])')-venv"
    fi
    say "installing $packages with apt"
    # Both names at once; then, if the machine's Python is not the distribution's, the general one.
    # shellcheck disable=SC2086  # a list of words
    apt install $packages || { apt update && { apt install $packages || apt install python3-venv; }; } ||
        { tail -n 5 .apt.log >&2; die "apt could not install python3-venv."; }
    rm -f .apt.log
}

# A .venv whose interpreter is gone or too old (after an upgrade of the system) is made again.
if ! .venv/bin/python -c "$NEW_ENOUGH" >/dev/null 2>&1 || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    if ! python=$(find_python "$NEW_ENOUGH" "$HAS_VENV"); then
        if can_apt; then
            install_venv
            python=$(find_python "$NEW_ENOUGH" "$HAS_VENV")
        fi
        [ -n "${python:-}" ] || die "no Python 3.11 or later with its venv module was found." \
            "Install one (on Debian and Ubuntu: sudo apt-get install python3-venv), or name it: make setup PYTHON=..."
    fi
    say "creating .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv || die "$python could not create .venv."
fi

say "installing the pinned dependencies"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
# Without isolation the build tool is a pinned one as well; so it has to be there first.
if ! .venv/bin/python -m pip install -q -c constraints.txt hatchling ||
    ! .venv/bin/python -m pip install -q -c constraints.txt --no-build-isolation -e '.[dev]'; then
    die "pip could not install the dependencies; its message is above."
fi
