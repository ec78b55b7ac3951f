"""The only place that reads Slack's mark-up: what a person sees of it, and what in it nobody meant to send."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

TOKEN = re.compile(r"<([^<>]*)>")
EVERYBODY = re.compile(r"<!(?:channel|here|everyone)\b[^>]*>")
KNOWN = re.compile(
    r"@[UW][A-Z0-9]+(?:\|[^|]*)?"
    r"|#C[A-Z0-9]+(?:\|[^|]*)?"
    r"|!date\^\d+\^[^^|]+(?:\^https?://[^|]+)?\|.+"
    r"|(?:https?://|mailto:)[^|\s]+(?:\|[^|]*)?"
)
DATE = re.compile(r"!date\^(\d+)\^([^^]+)(?:\^.*)?")
# A token, or a style around words and tokens: never around nothing, never inside a word.
PIECE = re.compile(
    r"<(?P<token>[^<>]*)>|(?<!\w)(?P<mark>[*_~`])(?=\S)(?P<inner>(?:<[^<>]*>|[^<\n])+?)(?<=\S)(?P=mark)(?!\w)"
)
STYLES = {"*": "bold", "_": "italic", "~": "struck", "`": "code"}
# What is not seen until somebody opens it.
FOLDED = frozenset({"confirm", "options", "option_groups"})

Called = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text in one style; `href` where it is a link, `instant` (seconds) and `pattern` where a date."""

    text: str
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    href: str = ""
    instant: int | None = None
    pattern: str = ""
    mention: bool = False


def itself(name: str) -> str:
    """Whoever is mentioned, called by their id."""
    return name


def inside(thing: Any, folded: bool = True) -> Iterator[tuple[str, str]]:
    """Every text object in blocks or a view, in order, as (type, text)."""
    if isinstance(thing, list):
        for part in thing:
            yield from inside(part, folded)
    elif isinstance(thing, dict):
        if thing.get("type") in {"mrkdwn", "plain_text"} and isinstance(thing.get("text"), str):
            yield thing["type"], thing["text"]
            return
        for key, part in thing.items():
            if folded or key not in FOLDED:
                yield from inside(part, folded)


def spans(text: str, called: Called = itself, style: Span = Span("")) -> Iterator[Span]:
    """A mrkdwn text as a person sees it. `called` names a user (`U…`) or a channel (`C…`)."""
    end = 0
    for piece in PIECE.finditer(text):
        if piece.start() > end:
            yield replace(style, text=_unescaped(text[end : piece.start()]))
        end = piece.end()
        if piece["token"] is not None:
            yield _token(piece["token"], called, style)
        elif piece["mark"] == "`":
            yield replace(style, text=_unescaped(piece["inner"]), code=True)
        else:
            inner = {STYLES[piece["mark"]]: True}
            yield from spans(piece["inner"], called, replace(style, **inner))  # type: ignore[arg-type]
    if end < len(text):
        yield replace(style, text=_unescaped(text[end:]))


def _token(token: str, called: Called, style: Span) -> Span:
    target, _, label = token.partition("|")
    label = _unescaped(label)
    if target[:1] in {"@", "#"}:
        return replace(style, text=target[0] + called(target[1:]), mention=True)
    if date := DATE.fullmatch(target):
        return replace(style, text=label, instant=int(date[1]), pattern=date[2])
    if target.startswith("!"):
        return replace(style, text=label or f"@{target[1:]}")
    return replace(style, text=label or _unescaped(target), href=_unescaped(target))


def _unescaped(text: str) -> str:
    """Slack knows three entities, and nothing else is one."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def problems(text: str, blocks: Any) -> Iterator[str]:
    """What nobody meant to send: a mention of everybody, or mark-up that was not escaped."""
    for kind, each in [("mrkdwn", text), *inside(blocks)]:
        if kind != "mrkdwn":
            continue
        for found in EVERYBODY.finditer(each):
            yield f"{found[0]} would call everybody, in {each[:80]!r}"
        for token in TOKEN.finditer(each):
            if not KNOWN.fullmatch(token[1]) and not EVERYBODY.fullmatch(token[0]):
                yield f"{token[0][:80]} is not escaped, in {each[:80]!r}"


def plain(text: str, blocks: list[dict[str, Any]], called: Called = itself) -> str:
    """All that is seen of a message: its blocks, and its text only where it has none."""
    parts = list(inside(blocks, folded=False)) or [("mrkdwn", text)]
    return "\n".join(_shown(kind, each, called) for kind, each in parts)


def _shown(kind: str, text: str, called: Called) -> str:
    return "".join(span.text for span in spans(text, called)) if kind == "mrkdwn" else text
