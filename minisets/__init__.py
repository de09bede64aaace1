"""minisets: Kubernetes StatefulSets on a plain Docker Engine.

``core`` decides (pure values), ``engine`` acts and looks (the only door to Docker, files and
clocks), ``app`` runs the loop observe, plan, execute, and ``cli`` parses and prints.
"""

__version__ = "0.1.0"
