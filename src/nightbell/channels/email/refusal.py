"""Whether an answer to RCPT refuses this recipient: the only place that reads an SMTP server's codes for that."""

import re

# The enhanced codes that say of the recipient's own address that it cannot be delivered to, whoever asks: no such
# mailbox, no such domain, no address at all, moved without a new one, a domain that takes no mail, a disabled mailbox.
FOR_GOOD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# What says the same without an enhanced code: no such mailbox, not a user here, a name that cannot be one.
BARE_FOR_GOOD = frozenset({550, 551, 553})

# The first word of a line where it is a status, well formed or not.
_STATUS = re.compile(r"\s*(\d+\.\d\S*)")
# Addresses and host names, whose words say nothing.
_NAMES = re.compile(r"\S*(?:@|\w\.\w)\S*")
# What these words speak of is ours, whatever the code: a server without enhanced codes has no other way to say so.
_OURS = re.compile(
    r"relay|helo\b|ehlo\b|authenticat|authori[sz]|sender|log ?in\b|\btls\b|rcpthosts|blocked|block ?list|blacklist"
    r"|\bspf\b|\bdkim\b|\bdmarc\b|reverse dns|greylist|too many|rate limit|try again|try later",
    re.IGNORECASE,
)


def of_recipient(code: int, words: str) -> bool:
    """Whether this answer to RCPT says that the recipient's address is wrong for good; False is a fault that may pass.

    `words` is the text of the answer without its basic code, a line for each line. An enhanced code is the first word
    of a line (RFC 2034), and every line has the same one. It counts where it is among those above (RFC 3463; 5.1.10 is
    RFC 7505's) and agrees with a basic code of 5xx (RFC 5321 4.2.1). An enhanced code that is malformed, differs from
    line to line or from the basic code says nothing that could be relied upon: the answer may pass. Without one, the
    basic code decides, unless the words speak of us.
    """
    if not 500 <= code < 600:
        return False
    statuses = {found[1] for line in words.splitlines() if (found := _STATUS.match(line))}
    if statuses:
        return statuses <= FOR_GOOD and len(statuses) == 1
    return code in BARE_FOR_GOOD and not _OURS.search(_NAMES.sub(" ", words))
