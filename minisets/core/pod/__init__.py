"""One pod: its containers in Docker's words, and what they are given and need while they run."""
