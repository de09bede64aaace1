"""minisets: Kubernetes StatefulSets on a plain Docker Engine.

``core`` decides (pure values), ``engine`` acts and looks (the only door to Docker, files and
clocks), ``app`` runs the loop observe, plan, execute, and ``cli`` parses and prints. From Python,
``minisets.Client`` does what the command line does.
"""

from __future__ import annotations

# Not of typing: the program begins here, and nothing is to be imported before it can be ended.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from minisets.client import Client

__all__ = ["Client", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # Imported when it is asked for: the command line starts without it.
    if name == "Client":
        from minisets.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
