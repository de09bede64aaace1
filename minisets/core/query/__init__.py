"""What people ask about objects: selectors, paths, columns, events, and what is wrong."""
