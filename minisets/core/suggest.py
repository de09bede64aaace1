"""Did you mean: the names nearest to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was most likely meant, in any case; None if none is near."""
    # 3 ms to import, and only an error needs it.
    from difflib import get_close_matches

    word = word.lower()
    candidates = {one.lower(): one for one in sorted(set(known))}
    # difflib takes a swap of letters for two errors: a set of the same letters is near, too.
    swapped = [one for one in candidates if sorted(one) == sorted(word)]
    close = get_close_matches(word, candidates, n=1)
    found = next(iter([*swapped, *close]), None)
    return None if found is None else candidates[found]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return ``did you mean WORD?``, None if no known word is near."""
    found = nearest(word, known)
    return f"did you mean {found}?" if found else None
