"""What the pages' templates are drawn with: instants, text from outside, icons."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from nightbell.core import instants, message
from nightbell.web import once, wording

register = template.Library()

# Drawn on 16 by 16, one stroke; the word beside an icon carries the meaning.
PATHS = {
    "critical": "M8 1.8 15 14H1zM8 6v4M8 11.8v.4",
    "high": "M8 13V3M3.5 7.5 8 3l4.5 4.5",
    "medium": "M3 6h10M3 10h10",
    "low": "M8 3v10M3.5 8.5 8 13l4.5-4.5",
    "bell": "M3 11.5h10c-1.2-1-1.5-2.2-1.5-4.5a3.5 3.5 0 0 0-7 0c0 2.3-.3 3.5-1.5 4.5zM6.5 13.5a1.6 1.6 0 0 0 3 0",
    "check": "M3 8.5 6.5 12 13 4.5",
    "hand": "M2 8h11M9 4l4 4-4 4",
    "up": "M3 9.5 8 4.5l5 5M3 13.5l5-5 5 5",
    "step": "M6 3.5 10.5 8 6 12.5",
    "done": "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM5 8.2 7.2 10.4 11 6",
    "clock": "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 4.5V8l2.5 1.5",
    "mail": "M1.5 3.5h13v9h-13zM1.5 4.5 8 9l6.5-4.5",
    "cross": "M4 4l8 8M12 4l-8 8",
    "dot": "M8 6.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z",
    "skip": "M3 4l5 4-5 4zM12 4v8",
    "person": "M8 2.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM3 13.5c.5-3 2.3-4.5 5-4.5s4.5 1.5 5 4.5",
    "plus": "M8 3v10M3 8h10",
    "search": "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing without a meaning of its own."""
    # The path is ours, from the table above.
    path = mark_safe(PATHS[name])  # noqa: S308
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="{}"/></svg>', path
    )


@register.simple_tag(name="once")
def marked() -> SafeString:
    """A form with this in it acts once, however often it is sent."""
    return once.field()


@register.filter
def clock(at: datetime) -> SafeString:
    """The time of day, to the second, in the reader's zone."""
    return _time(at, "clock", "%H:%M:%S")


@register.filter
def minute(at: datetime) -> SafeString:
    """The time of day, to the minute, in the reader's zone."""
    return _time(at, "minute", "%H:%M")


@register.filter
def day(at: datetime) -> SafeString:
    """The day and the time of day, in the reader's zone."""
    return _time(at, "day", "%-d %b %Y, %H:%M")


@register.filter
def wall(at: datetime, now: datetime) -> SafeString:
    """The day and the time of day in the zone that the page names, which the script leaves alone."""
    local = timezone.localtime(at)
    pattern = "%a %-d %b, %H:%M" if local.year == timezone.localtime(now).year else "%a %-d %b %Y, %H:%M"
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), local.strftime(pattern))


@register.filter
def ago(at: datetime, now: datetime) -> SafeString:
    """How long ago, kept up to date by the script."""
    return format_html('<span data-since="{}">{}</span>', _millis(at), instants.span(now - at))


@register.filter
def left(until: datetime, now: datetime) -> SafeString:
    """How long is left, counted down by the script."""
    return format_html('<span class="left" data-until="{}">{}</span>', _millis(until), wording.left(until, now))


@register.filter
def millis(at: datetime) -> int:
    """An instant as scripts count it."""
    return _millis(at)


@register.filter
def plain(text: str) -> str:
    """Text from outside in one line, without what would make it look like something else; still to be escaped."""
    return wording.plain(str(text))


@register.filter
def lines(text: str) -> str:
    """The same, with its line ends."""
    return message.clean(str(text), 10_000, lines=True)


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _time(at: datetime, style: str, pattern: str) -> SafeString:
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" data-time="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        style,
        local.strftime("%-d %b %Y, %H:%M:%S %Z"),
        local.strftime(pattern),
    )
