"""An engine as a process of its own: what `nightbell engine` does, with nothing around it; run as a program."""

import signal
import threading

import django

django.setup()

from nightbell.engine import loop  # noqa: E402 -- Django first


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    loop.run(stop)


if __name__ == "__main__":
    main()
