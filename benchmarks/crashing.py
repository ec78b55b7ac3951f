"""Engines killed at random while database and mail server misbehave: how many accepted incidents are never mailed."""

import random
import re
import subprocess
import time
from collections.abc import Callable

from benchmarks import usage
from benchmarks.installation import CLI, Installation, Mail, answers, ended
from benchmarks.results import Row
from nightbell.demo.mail import MailCatcher

SECONDS = 20.0
RATE = 20.0
RESTARTS = 3
SUBJECT = re.compile(r"\[#(\d+)\]")


# A page that an engine tried in vain twice, and another knows nothing of, waits for a minute.
PATIENCE_SECONDS = 120.0


def measure(here: Installation) -> list[Row]:
    """The clock is the real one: a lease of a killed engine's runs out after its thirty seconds."""
    chance = random.Random(2)
    with MailCatcher() as mail:
        engines = [_begin(here, mail.url) for _ in range(2)]
        faults: list[Callable[[], None]] = []
        kills = misbehaved = 0
        try:
            with here.web():
                client = here.begin_load(here.openings(int(RATE * SECONDS)), rate=RATE, connections=4)
                began = time.monotonic()
                restarts = sorted(chance.uniform(1, SECONDS - 1) for _ in range(RESTARTS))
                while (now := time.monotonic() - began) < SECONDS:
                    if restarts and now > restarts[0]:
                        restarts.pop(0)
                        here.server.restart_immediate()
                    which = chance.randrange(2)
                    engines[which].kill()
                    engines[which].wait()
                    engines[which] = _begin(here, mail.url)
                    kills += 1
                    faults = faults or chance.sample(every := _faults(mail), len(every))
                    faults.pop()()
                    misbehaved += 1
                    time.sleep(chance.uniform(0.5, 2.0))
                    mail.behave()
                    mail.hang_up()
                accepted = [each for each in answers(client) if each.status == 201]
                arrived = _arrived(mail, {each.number for each in accepted})
                twice = _twice(mail, {each.number for each in accepted})
        finally:
            for engine in engines:
                ended(engine)
    lost = len(accepted) - len(arrived)
    late = [(arrived[each.number] - each.ended) * 1000 for each in accepted if each.number in arrived]
    return [
        Row(
            f"two engines killed at random for {SECONDS:.0f} s, database restarted {RESTARTS} times, mail server "
            "trickling, slow, half dead or hanging half of the time",
            "0 lost",
            f"{lost} lost of {len(accepted)} accepted ({kills} kills, {misbehaved} faults of the mail server; mailed "
            f"p50 {usage.share(late, 50):.0f} ms, longest {max(late) / 1000:.1f} s; {twice})",
        )
    ]


def _begin(here: Installation, smtp_url: str) -> subprocess.Popen[bytes]:
    environ = here.environ | {"NIGHTBELL_SMTP_URL": smtp_url}
    with (here.directory / "engines.log").open("ab") as out:
        return subprocess.Popen([*CLI, "engine"], env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def _faults(mail: MailCatcher) -> list[Callable[[], None]]:
    """Each lasts until the server is told to behave."""
    return [
        lambda: mail.trickle(0.05),
        lambda: mail.pause(0.1),
        lambda: mail.stall("connect"),
        lambda: mail.stall("thought"),
        lambda: mail.answer(rcpt="451 later"),
        lambda: mail.drop_after_data(times=5),
    ]


def _mails(mail: MailCatcher) -> list[Mail]:
    """What has arrived, oldest first."""
    found = [(each, SUBJECT.match(each.subject)) for each in reversed(mail.messages)]
    return [Mail(each.arrived, int(subject[1]), each.id) for each, subject in found if subject]


def _arrived(mail: MailCatcher, numbers: set[int]) -> dict[int, float]:
    """When the first mail of each of these incidents came, once all have, or after a while."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        first: dict[int, float] = {}
        for each in _mails(mail):
            first.setdefault(each.number, each.at)
        if numbers <= first.keys() or time.monotonic() > until:
            return {number: at for number, at in first.items() if number in numbers}
        time.sleep(0.2)


def _twice(mail: MailCatcher, numbers: set[int]) -> str:
    mails = [each for each in _mails(mail) if each.number in numbers]
    again = len(mails) - len({each.number for each in mails})
    one_id = len({each.message_id for each in mails}) == len({each.number for each in mails})
    return f"{again} mails twice, {'each under one Message-ID' if one_id else 'NOT under one Message-ID'}"
