"""How Slack's messages and modals look in a browser: the only place that makes HTML of blocks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from nightbell.demo.slack import texts
from nightbell.demo.slack.records import Ephemeral, Json, Message, Shown, View
from nightbell.demo.slack.texts import Span

Called = Callable[[str], str]
# Slack's own words for parts of an instant, in the order in which one holds another's name.
PATTERNS = {
    "{date_num}": "%Y-%m-%d",
    "{date_short}": "%b %-d, %Y",
    "{date_long}": "%A, %B %-d, %Y",
    "{date_pretty}": "%B %-d",
    "{date}": "%B %-d, %Y",
    "{time_secs}": "%H:%M:%S",
    "{time}": "%H:%M",
}
LINKS = ("http://", "https://", "mailto:")


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press: `press` says what and where, `href` only leads somewhere."""

    label: str
    style: str
    press: str
    href: str = ""
    confirm: Json | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """An input of a modal; `groups` are the options of a select, each group with its label."""

    name: str
    block_id: str
    label: str
    hint: str
    optional: bool
    multiline: bool
    value: str
    most: int
    groups: list[tuple[str, list[tuple[str, str]]]]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A block, drawn."""

    kind: str
    html: SafeString
    fields: list[SafeString] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    input: Field | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A message, drawn."""

    at: datetime
    parts: list[Part]
    only_you: bool
    edited: bool


def message(shown: Message | Ephemeral, called: Called) -> Drawn:
    """A message as it is now."""
    parts = [_part(block, shown, called) for block in shown.blocks]
    return Drawn(
        at=datetime.fromtimestamp(float(shown.id), UTC),
        parts=parts or [Part("section", rich(shown.text, called))],
        only_you=isinstance(shown, Ephemeral),
        edited=isinstance(shown, Message) and shown.marked_edited,
    )


def modal(view: View, called: Called, typed: dict[str, str], errors: dict[str, str]) -> list[Part]:
    """What is in a modal, with what was typed and what is wrong with it."""
    return [
        _input(block, typed, errors) if block["type"] == "input" else _part(block, None, called)
        for block in view.content["blocks"]
    ]


def rich(text: str, called: Called) -> SafeString:
    """Mark-up as a person sees it; all of it is escaped, and only what leads to the web is a link."""
    quoted = groupby(text.split("\n"), key=lambda line: line.startswith((">", "&gt;")))
    return format_html_join("\n", "{}", ((_lines(list(lines), quote, called),) for quote, lines in quoted))


def _lines(lines: list[str], quote: bool, called: Called) -> SafeString:
    if quote:
        lines = [line.removeprefix("&gt;").removeprefix(">").removeprefix(" ") for line in lines]
    drawn = format_html_join("", "{}", ((_span(span),) for span in texts.spans("\n".join(lines), called)))
    return format_html("<blockquote>{}</blockquote>", drawn) if quote else drawn


def _span(span: Span) -> SafeString:
    drawn = format_html("{}", span.text)
    if span.instant is not None:
        at = datetime.fromtimestamp(span.instant, timezone.get_current_timezone())
        drawn = format_html('<time datetime="{}">{}</time>', at.isoformat(), _dated(span.pattern, at))
    elif span.href.startswith(LINKS):
        drawn = format_html('<a href="{}">{}</a>', span.href, span.text)
    elif span.mention:
        drawn = format_html('<span class="slack-mention">{}</span>', span.text)
    tags = ((span.code, "code"), (span.struck, "s"), (span.italic, "i"), (span.bold, "b"))
    for wanted, tag in tags:
        drawn = format_html("<{}>{}</{}>", tag, drawn, tag) if wanted else drawn
    return drawn


def _dated(pattern: str, at: datetime) -> str:
    for words, format_ in PATTERNS.items():
        pattern = pattern.replace(words, at.strftime(format_))
    return pattern


def _text(given: Json, called: Called) -> SafeString:
    return rich(given["text"], called) if given["type"] == "mrkdwn" else format_html("{}", given["text"])


def _part(block: Json, shown: Shown | None, called: Called) -> Part:
    match block["type"]:
        case "header" | "section" as kind:
            fields = [_text(each, called) for each in block.get("fields", [])]
            buttons = [_button(block["accessory"], shown)] if "accessory" in block else []
            return Part(kind, _text(block["text"], called) if "text" in block else SafeString(), fields, buttons)
        case "context":
            return Part("context", format_html_join(" ", "{}", ((_text(e, called),) for e in block["elements"])))
        case "actions":
            return Part("actions", SafeString(), buttons=[_button(each, shown) for each in block["elements"]])
        case kind:
            return Part(kind, SafeString())


def _button(element: Json, shown: Shown | None) -> Button:
    place = f"{shown.channel} {shown.id} " if shown is not None else ""
    label = element["text"]["text"] if "text" in element else element["action_id"]
    style = element.get("style", "")
    return Button(label, style, f"{place}{element['action_id']}", element.get("url", ""), element.get("confirm"))


def _input(block: Json, typed: dict[str, str], errors: dict[str, str]) -> Part:
    element = block["element"]
    name = element["action_id"]
    before = element.get("initial_option", {}).get("value") or element.get("initial_value", "")
    groups = [(group["label"]["text"], group["options"]) for group in element.get("option_groups", [])]
    offered = groups or [("", element.get("options", []))]
    given = Field(
        name=name,
        block_id=block["block_id"],
        label=block["label"]["text"],
        hint=block.get("hint", {}).get("text", ""),
        optional=block.get("optional", False),
        multiline=element.get("multiline", False),
        value=typed.get(name, before),
        most=element.get("max_length", 3000),
        groups=[(label, [(each["value"], each["text"]["text"]) for each in options]) for label, options in offered],
        error=errors.get(block["block_id"], ""),
    )
    return Part("select" if element["type"] == "static_select" else "input", SafeString(), input=given)
