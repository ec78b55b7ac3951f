"""How the demo's Slack draws messages: as a person reads them in Slack, and never as mark-up of the page."""

import zoneinfo

import pytest
from django.utils import timezone

from nightbell.demo import drawing

CALLED = {"U0BO": "Bo Lind", "C0ALERTS": "alerts"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a *bold* and _slanted_ and ~gone~", "a <b>bold</b> and <i>slanted</i> and <s>gone</s>"),
        ("2*3*4, snake_case_name, *", "2*3*4, snake_case_name, *"),
        ("`*raw* &lt;b&gt;`", "<code>*raw* &lt;b&gt;</code>"),
        (
            "*<https://example.org/?a=1&amp;b=2|#1 &lt;x&gt;>*",
            '<b><a href="https://example.org/?a=1&amp;b=2">#1 &lt;x&gt;</a></b>',
        ),
        ("<javascript:alert(1)|here>", "here"),
        ("<script>alert(1)</script>", "scriptalert(1)/script"),
        ("&lt;script&gt; &amp;amp; &quot;", "&lt;script&gt; &amp;amp; &amp;quot;"),
        (
            "<@U0BO> in <#C0ALERTS>",
            '<span class="slack-mention">@Bo Lind</span> in <span class="slack-mention">#alerts</span>',
        ),
        ("one\n&gt; two\n&gt;three\nfour", "one\n<blockquote>two\nthree</blockquote>\nfour"),
        ("<!channel>", "@channel"),
    ],
)
def test_markup_is_drawn_and_everything_is_escaped(text: str, html: str) -> None:
    assert drawing.rich(text, lambda name: CALLED.get(name, name)) == html


def test_an_instant_is_shown_in_the_readers_zone() -> None:
    token = "at <!date^1700000000^{date_short} at {time_secs} ({date_num}, {time})|later>"
    with timezone.override(zoneinfo.ZoneInfo("Asia/Tokyo")):
        drawn = drawing.rich(token, str)
    assert drawn == (
        'at <time datetime="2023-11-15T07:13:20+09:00">Nov 15, 2023 at 07:13:20 (2023-11-15, 07:13)</time>'
    )
