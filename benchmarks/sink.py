"""A mail server that takes everything and says when: a program, lean, so that it is never what is measured.

It prints its port, and writes a line `instant number Message-ID` to a file for each mail whose subject has an incident.
"""

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import TextIO

SUBJECT = re.compile(rb"^Subject: \[#(\d+)\]", re.MULTILINE)
MESSAGE_ID = re.compile(rb"^Message-ID: <([^>]+)>", re.MULTILINE | re.IGNORECASE)
END = b"\r\n.\r\n"


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._pending = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self._in_data:
            content, found, rest = self._pending.partition(END)
            if not found:
                return False
            self._pending, self._in_data = rest, False
            self._record(content)
            self._transport.write(b"250 taken\r\n")
            return True
        line, found, rest = self._pending.partition(b"\r\n")
        if not found:
            return False
        self._pending = rest
        self._answer(line[:4].upper())
        return True

    def _answer(self, verb: bytes) -> None:
        match verb:
            case b"DATA":
                self._in_data = True
                self._transport.write(b"354 go on\r\n")
            case b"EHLO":
                self._transport.write(b"250-sink\r\n250-8BITMIME\r\n250 SIZE 10000000\r\n")
            case b"QUIT":
                self._transport.write(b"221 bye\r\n")
                self._transport.close()
            case _:
                self._transport.write(b"250 ok\r\n")

    def _record(self, content: bytes) -> None:
        at = time.monotonic()
        number, message_id = SUBJECT.search(content), MESSAGE_ID.search(content)
        if number and message_id:
            self._out.write(f"{at:.6f} {number[1].decode()} {message_id[1].decode()}\n")


async def serve(out: TextIO) -> None:
    """Serve until killed; what arrived is in the file a twentieth of a second later."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(out), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        await asyncio.sleep(0.05)
        out.flush()


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w") as mails:
        asyncio.run(serve(mails))
