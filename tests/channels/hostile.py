"""Text that nobody should be able to send anybody: what Slack would read as mark-up, and what no screen should show."""

import random

from hypothesis import strategies as st

MENTIONS = (
    *(
        "<!channel>",
        "<!here>",
        "<!everyone>",
        "<!channel|everybody>",
        "<!subteam^S1|ops>",
        "<@U1>",
        "<@U1|bo>",
        "<@W1>",
    ),
    *("<#C1>", "<#C1|general>", "<!date^1392734382^{date}|never>", "@channel", "@here", "@everyone", "#general"),
)
LINKS = ("<http://x|y>", "<https://evil.example|Acknowledge>", "<mailto:a@b|c>", "http://evil.example", "<tel:1|x>")
MARKUP = (
    *("*bold*", "_it_", "~gone~", "`code`", "```\nblock\n```", "> quoted", "&gt; quoted", "• point", "1. one"),
    *(":boom:", ":+1:", "&amp;", "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;", "&#60;!channel&#62;", "&", "<", ">"),
    *("<<!channel>>", "<!chan\x00nel>", "<\u200b!channel>", "<!\nchannel>", "<!\u2028here>", "<|", "|>", "<>", "^"),
)
UNSEEN = (
    *("\n", "\r\n", "\t", "\0", "\x07\x08", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\u2060"),
    *("\u202egnp.exe", "\u2066x\u2069", "\u200b", "\u200d", "\u200e", "\ud800", "\udfff", "\ud800\udc00", "\U000e0041"),
)
HARMLESS = (
    *("", " ", "DB pool exhausted", "ü", "漢字", "مرحبا بالعالم", "שלום", "🔥", "👩‍👩‍👧‍👦", "Z̷̢̛͓" * 30, "a\u0301" * 90),
    *(
        "{date_short}",
        "%s %(x)s",
        "{0}",
        "{{ 7|add:7 }}",
        "\\u003c!channel\\u003e",
        '"}],"x":[{"',
        "'; drop table page",
    ),
)
LONG = ("x" * 50_000, "<!channel>" * 5_000, "&" * 1_000, "🔥" * 12_500, "\n" * 50_000, "<" * 100, "long words " * 40)
WHOLE = (*MENTIONS, *LINKS, *MARKUP, *UNSEEN, *HARMLESS, *LONG)


def texts(count: int) -> list[str]:
    """Every one of these as it is, then mixtures of them with noise."""
    chance = random.Random(42)
    parts = [*MENTIONS, *LINKS, *MARKUP, *UNSEEN, *"<>&|!@#^*_~`:- ab", "a", "word "]
    mixtures = ["".join(chance.choices(parts, k=chance.randint(2, 14))) for _ in range(count - len(WHOLE))]
    return [*WHOLE, *mixtures]


ANY_TEXT = st.one_of(
    st.text(),
    st.text(alphabet="<>!@#|&;channelhrU1C^ \n\0\u200b\u202e", max_size=300),
    st.lists(st.sampled_from(WHOLE), max_size=6).map("".join),
)
