"""A mail server (RFC 5321) that takes everything, unless a test tells it to answer one command otherwise."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final, Self

HANG_UP: Final = ""
GREETING: Final = "greeting"
END_OF_DATA: Final = "end of data"


@dataclass
class Script:
    """What is answered instead of yes, by command, as often as it is listed."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)

    def answer(self, command: str, usual: str) -> str:
        self.before.get(command, lambda: None)()
        listed = self.answers.get(command)
        return listed.pop(0) if listed else usual


class MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.script = Script()
        self.taken: list[EmailMessage] = []
        self.connections = 0
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def host(self) -> str:
        return str(self.server_address[0])

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def answers(self, command: str, *replies: str) -> None:
        self.script.answers[command] = list(replies)

    def before(self, command: str, happens: Callable[[], None]) -> None:
        self.script.before[command] = happens

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.connections += 1
        if not self._say(GREETING, "220 ready"):
            return
        while line := self.rfile.readline():
            command = line.decode().strip().partition(" ")[0].upper()
            if command == "DATA":
                goes_on = self._take_data()
            else:
                goes_on = self._say(command, "221 bye" if command == "QUIT" else "250 fine") and command != "QUIT"
            if not goes_on:
                return

    def _take_data(self) -> bool:
        """The message counts as taken when it is complete, whether or not the sender hears of it."""
        first = self.server.script.answer("DATA", "354 go on")
        if not first.startswith("354"):
            return self._write(first)
        self._write(first)
        raw = bytearray()
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            raw += line
        answer = self.server.script.answer(END_OF_DATA, "250 taken")
        if not answer.startswith(("4", "5")):
            self.server.taken.append(email.message_from_bytes(bytes(raw), policy=email.policy.default))
        return self._write(answer)

    def _say(self, command: str, usual: str) -> bool:
        return self._write(self.server.script.answer(command, usual))

    def _write(self, answer: str) -> bool:
        if answer == HANG_UP:
            return False
        try:
            self.wfile.write(f"{answer}\r\n".encode())
        except OSError:  # the sender was killed
            return False
        return not answer.startswith("421")
