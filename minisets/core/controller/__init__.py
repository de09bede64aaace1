"""The controller of StatefulSets: from what is seen of a set to the next actions."""
