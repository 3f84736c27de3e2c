"""Bodies as they come: bare, or as the properties of a page of the site."""

from typing import Any

from pitchline.collect.rows import Unreadable

_REDIRECT = "__N_REDIRECT"


def unwrapped(tree: Any) -> dict[str, Any]:
    """The payload of an answer, of a page's ``__NEXT_DATA__`` or of ``/_next/data``.

    Args:
        tree: decoded JSON: the payload itself, ``{"pageProps": ...}`` or
            ``{"props": {"pageProps": ...}}``.

    Raises:
        Unreadable: an error, a redirect or something else stands in place of the payload.
    """
    for key in ("props", "pageProps"):
        if isinstance(tree, dict) and isinstance(tree.get(key), dict):
            tree = tree[key]
    if not isinstance(tree, dict):
        raise Unreadable(f"an object is expected, not {type(tree).__name__}")
    if "error" in tree:
        raise Unreadable(f"error: {str(tree['error'])[:80]}")
    if _REDIRECT in tree:
        raise Unreadable(f"a redirect to {str(tree[_REDIRECT])[:80]}")
    return tree
