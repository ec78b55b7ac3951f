"""What an answer to RCPT says of the recipient: a table, with and without enhanced codes, in order and out of it."""

import pytest

from nightbell.channels.email import refusal

FOR_GOOD = [
    "550 5.1.1 <bo@example.com>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 5.1.2 no such domain",
    "553 5.1.3 that is no address",
    "501 5.1.3 Bad recipient address syntax",
    "551 5.1.6 moved",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "556 5.1.10 Recipient address has null MX",
    "550 5.2.1 The email account that you tried to reach is disabled",
    "550 5.1.1",
    "550 5.1.1\tuser unknown",
    "550 5.1.1 The email account that you tried to reach\n5.1.1 does not exist",
    "550 5.1.1 <bo@relay.example.com> is not known at relay1.example.com",
    "550 5.1.1 sender@example.com: user unknown",
    "550 no such user",
    "550 Requested action not taken: mailbox unavailable",
    "550",
    "550 see 5.1.7 in the manual: no such user",
    "550 #5.1.0 Address rejected.",
    "550 no such user\nreally not",
    "550 <bo@relay.example.com>: no such user here",
    "551 User not local; please try <forward@example.com>",
    "553 mailbox name not allowed",
]

MAY_PASS = [
    # What E8 is about, with the code for it.
    "504 5.5.2 <a1b2c3d4e5f6>: Helo command rejected: need fully-qualified hostname",
    "450 4.7.1 <a1b2c3d4e5f6>: Helo command rejected: Host not found",
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    "554 5.7.1 <bo@example.com>: Relay access denied",
    "550 5.7.1 Relaying denied",
    "550 5.7.1 Unable to relay",
    "530 5.7.0 Authentication required",
    "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
    "553 5.7.1 <pager@example.com>: Sender address rejected: not owned by user ana",
    "550 5.1.7 <pager@example.com>: Sender address rejected",
    "553 5.1.8 <pager@example.com>: Sender address rejected: Domain not found",
    "552 5.2.2 The email account that you tried to reach is over quota",
    "550 5.2.0 something about the mailbox",
    "550 5.1.0 Address rejected",
    "550 5.1.4 ambiguous",
    "550 5.1.5 a destination address that is valid",
    "550 5.1.11 not one of ours",
    "550 5.3.0 our system",
    "550 5.4.1 Recipient address rejected: Access denied",
    "550 5.0.0 no",
    "503 5.5.1 Error: need MAIL command",
    # Not 5xx, or not all of it.
    "450 no such user, perhaps",
    "450 5.1.1 no such user",
    "550 4.1.1 no such user",
    "550 2.1.5 fine",
    "421 4.4.2 idle",
    "452 4.5.3 too many recipients",
    "354 5.1.1 what",
    "-1 5.1.1 what",
    "600 5.1.1 what",
    # Malformed: it was meant to be an enhanced code, and cannot be relied upon.
    "550 5.1.1foo no such user",
    "550 5.1 no such user",
    "550 5.1.01 no such user",
    "550 5.1.1.1 no such user",
    "550 5.1.1: no such user",
    "550 5.1.1111 no such user",
    "550 192.0.2.1 is not welcome",
    # Lines that do not agree.
    "550 5.1.1 no such user\n5.7.1 and you are blocked",
    "550 5.7.1 you are blocked\n5.1.1 no such user",
    # Without an enhanced code: not one of the three, or words about us.
    "552 mailbox full",
    "554 no",
    "556 no mail here",
    "500 what",
    "501 syntax",
    "502 not now",
    "504 parameter",
    "503 need MAIL command",
    "530 login first",
    "550 relay not permitted",
    "550 we do not relay",
    "550 Relaying denied.",
    "550 Helo rejected",
    "550 EHLO name is not yours",
    "550 authentication required",
    "550 Sender verify failed",
    "550 Verification failed for <pager@example.com>\nSender verify failed",
    "553 sorry, your envelope sender is in my badmailfrom list",
]


@pytest.mark.parametrize("answer", FOR_GOOD)
def test_e03_an_answer_that_names_the_recipient_is_for_good(answer: str) -> None:
    code, _, words = answer.partition(" ")
    assert refusal.of_recipient(int(code), words)


@pytest.mark.parametrize("answer", MAY_PASS)
def test_e08_any_other_answer_may_pass(answer: str) -> None:
    code, _, words = answer.partition(" ")
    assert not refusal.of_recipient(int(code), words)
