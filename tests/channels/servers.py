"""Mail servers that no library would serve: each connection is a function of the test's own."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Serve = Callable[[socket.socket], None]


@contextmanager
def serving(*serve: Serve) -> Iterator[str]:
    """A server whose first connection is served by the first of these, and so on, the last serving all others too.

    At the end of the block every connection is closed, whatever it was about to say.
    """
    open_ones: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def take() -> None:
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                open_ones.append(line)
                each = threading.Thread(target=_quietly, args=(serve[min(len(open_ones), len(serve)) - 1], line))
                threads.append(each)
                each.start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        taking = threading.Thread(target=take)
        taking.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            # Closing alone does not wake who waits in `accept`.
            listener.shutdown(socket.SHUT_RDWR)
            taking.join(5)
            for line in open_ones:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
            for each in threads:
                each.join(5)
            for line in open_ones:
                line.close()


def _quietly(serve: Serve, line: socket.socket) -> None:
    with suppress(OSError, ValueError):
        serve(line)


def mute(line: socket.socket) -> None:
    """Says nothing, and reads whatever comes."""
    while line.recv(4096):
        pass


def talks(answers: dict[bytes, bytes], messages: list[bytes] | None = None, most: int = 1000) -> Serve:
    """Takes everything but what `answers` says, puts messages into a list, and falls silent after `most` of them."""

    def serve(line: socket.socket) -> None:
        taken = 0
        with line.makefile("rwb", buffering=0) as stream:
            stream.write(b"220 mini\r\n")
            while taken < most and (command := stream.readline()[:4].upper()):
                if command == b"DATA" and command not in answers:
                    stream.write(b"354 go ahead\r\n")
                    content = b""
                    while (each := stream.readline()) not in (b".\r\n", b""):
                        content += each
                    if messages is not None:
                        messages.append(content)
                    taken += 1
                    stream.write(b"250 taken\r\n")
                else:
                    stream.write(answers.get(command, b"250 mini") + b"\r\n")
            mute(line)

    return serve


def floods(piece: bytes, after: bytes = b"EHLO") -> Serve:
    """Answers this command with the same piece for ever."""

    def serve(line: socket.socket) -> None:
        with line.makefile("rwb", buffering=0) as stream:
            stream.write(b"220 mini\r\n")
            while stream.readline()[:4].upper() != after:
                stream.write(b"250 mini\r\n")
            while True:
                line.sendall(piece)

    return serve


def trickles(said: bytes, at_once: int, seconds: float) -> Serve:
    """Answers anything with these bytes: so many at once, the rest one every so many seconds."""

    def serve(line: socket.socket) -> None:
        line.recv(4096)
        line.sendall(said[:at_once])
        for byte in said[at_once:]:
            line.sendall(bytes([byte]))
            time.sleep(seconds)

    return serve
