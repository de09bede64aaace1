"""Builds wheel and sdist into dist/, has twine check them, and runs each from an empty venv.

twine is installed into a venv of its own: it is needed for nothing else, and brings twenty
packages. The two installations get the pinned dependencies, as pip gives them to a user.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
TWINE = "twine==7.0.0"
# What has to work once the package is there; no Engine is needed.
PROGRAMS = (
    ("minisets", "version", "--client"),
    ("minisets", "explain", "sts.spec.replicas"),
    ("minisets", "apply", "--dry-run=client", "-f", str(ROOT / "examples/web/web.yaml")),
    ("docker-minisets", "docker-cli-plugin-metadata"),
    ("kubectl-minisets", "api-resources"),
    ("kubectl_complete-minisets", "get", "statef"),
    ("python", "-c", "import minisets; minisets.Client"),
)


def run(*command: object) -> None:
    """Run a command; the whole script ends where one fails."""
    # Else what runs would be the checkout.
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([str(word) for word in command], cwd=DIST, env=environment)
    if done.returncode:
        raise SystemExit(f"dist: exit code {done.returncode}: {' '.join(map(str, command))}")


def make_venv(folder: Path, *packages: object) -> Path:
    """Make an empty venv with these packages and return its folder of programs."""
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    run(programs / "python", "-m", "pip", "install", "-q", *packages)
    return programs


def main() -> None:
    """Build, check and try."""
    DIST.mkdir(exist_ok=True)
    for old in DIST.iterdir():
        old.unlink()
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", DIST], cwd=ROOT, check=True)
    built = sorted(DIST.iterdir())
    with tempfile.TemporaryDirectory(prefix="minisets-dist-") as folder:
        run(make_venv(Path(folder) / "twine", TWINE) / "twine", "check", "--strict", *built)
        for file in built:
            programs = make_venv(
                Path(folder) / file.suffix[1:], "-c", ROOT / "constraints.txt", file
            )
            for program, *words in PROGRAMS:
                run(programs / program, *words)
            print(f"dist: {file.name} ({file.stat().st_size} bytes) works from an empty venv")


if __name__ == "__main__":
    main()
