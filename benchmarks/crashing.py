"""Two engines killed at random while the database is restarted: how many accepted incidents are never mailed."""

import random
import subprocess
import time

from benchmarks import usage
from benchmarks.installation import CLI, Installation, answers, ended
from benchmarks.results import Row

SECONDS = 20.0
RATE = 20.0
RESTARTS = 3


def measure(here: Installation) -> list[Row]:
    """The clock is the real one: a lease of a killed engine's runs out after its thirty seconds."""
    chance = random.Random(2)
    engines = [_begin(here) for _ in range(2)]
    kills = 0
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
                engines[which] = _begin(here)
                kills += 1
                time.sleep(chance.uniform(0.5, 2.0))
            accepted = [each for each in answers(client) if each.status == 201]
            arrived = here.wait_for_mails({each.number for each in accepted}, seconds=45)
    finally:
        for engine in engines:
            ended(engine)
    lost = len(accepted) - len(arrived)
    late = [(arrived[each.number] - each.ended) * 1000 for each in accepted if each.number in arrived]
    twice = _twice(here, {each.number for each in accepted})
    return [
        Row(
            f"two engines killed at random for {SECONDS:.0f} s, database restarted {RESTARTS} times",
            "0 lost",
            f"{lost} lost of {len(accepted)} accepted ({kills} kills; mailed p50 {usage.share(late, 50):.0f} ms, "
            f"longest {max(late) / 1000:.1f} s; {twice})",
        )
    ]


def _begin(here: Installation) -> subprocess.Popen[bytes]:
    with (here.directory / "engines.log").open("ab") as out:
        return subprocess.Popen([*CLI, "engine"], env=here.environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def _twice(here: Installation, numbers: set[int]) -> str:
    mails = [mail for mail in here.mails() if mail.number in numbers]
    again = len(mails) - len({mail.number for mail in mails})
    one_id = len({mail.message_id for mail in mails}) == len({mail.number for mail in mails})
    return f"{again} mails twice, {'each under one Message-ID' if one_id else 'NOT under one Message-ID'}"
