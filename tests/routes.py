"""Every address the server knows: the only place that walks them."""

from collections.abc import Iterable, Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def every() -> Iterator[str]:
    """As they are written, from the root: `incidents/<int:number>/acknowledge`."""
    return _below(get_resolver().url_patterns, "")


def _below(patterns: Iterable[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for each in patterns:
        route = before + str(each.pattern).removeprefix("^").removesuffix("$")
        if isinstance(each, URLResolver):
            yield from _below(each.url_patterns, route)
        else:
            yield route
