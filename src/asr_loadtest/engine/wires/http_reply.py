"""One HTTP reply, parsed as it comes: by the parser of Locust's fast client, which is C."""

from __future__ import annotations

from geventhttpclient._parser import HTTPParseError, HTTPResponseParser

__all__ = ["IncompleteReadError", "ProtocolError", "ReplyParser", "ServerDisconnectedError"]

_FIRST_FINAL_STATUS = 200
# What never ends would hold up all greenlets, and no deadline bounds it: the loop has no turn.
_MOST_HEAD_BYTES = 256 * 2**10
# Of a body that comes in chunks of one byte each.
_FRAMED_BYTE = 6


# Judged by their names, as all exceptions are: asr_client.classification.failures.
class IncompleteReadError(OSError):
    """The reply ended before it was whole."""


class ServerDisconnectedError(OSError):
    """The server hung up without a reply."""


class ProtocolError(OSError):
    """What the server says is no HTTP."""


class ReplyParser(HTTPResponseParser):
    """
    Takes the bytes of one reply.

    The library's own class keeps headers so that they can be looked up in any case, which costs
    more than all of the rest; these are all of the parser's callbacks.

    Attributes:
        status: HTTP status, once the reply is whole.
        headers: By lower-case name; the last one of a name counts.
        body: What is here of it, as it was sent.
        is_whole: Whether all of it is here; a 1xx is no reply yet.
        keeps_alive: Whether the connection may carry another request.
    """

    def __init__(self) -> None:
        super().__init__()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.is_whole = False
        self.keeps_alive = False
        self._has_begun = False
        self._taken = 0
        self._name = ""
        self._value: str | None = None

    def take(self, received: bytes) -> None:
        """
        Parse what came; empty is the end of what comes.

        Raises:
            OSError: If it is no HTTP, or ends too early, or has a head without end.
        """
        self._taken += len(received)
        try:
            self.feed(received)
        except HTTPParseError as error:
            # What follows a whole reply belongs to nobody, and ends the connection.
            self.keeps_alive = False
            if received and not self.is_whole:
                raise ProtocolError(f"this is no HTTP: {error}") from error
        if not received and not self.is_whole:
            raise self._cut()
        if self._taken > _MOST_HEAD_BYTES + _FRAMED_BYTE * len(self.body):
            raise ProtocolError("its headers do not end")

    def _cut(self) -> OSError:
        if self._has_begun:
            return IncompleteReadError("the reply is cut off")
        return ServerDisconnectedError("the server hung up without a reply")

    # Called by the parser. A text comes in pieces where the bytes did.

    def _on_message_begin(self) -> None:
        if self.is_whole:
            raise HTTPParseError("another reply")
        self._has_begun = True
        self.headers.clear()

    def _on_status(self, text: str) -> None:
        """Leave the reason aside."""

    def _on_header_field(self, text: str) -> None:
        if self._value is None:
            self._name += text
        else:
            self._name, self._value = text, None

    def _on_header_value(self, text: str) -> None:
        self._value = text if self._value is None else self._value + text
        self.headers[self._name.lower()] = self._value

    def _on_headers_complete(self) -> None:
        self._name, self._value = "", None

    def _on_body(self, piece: bytearray) -> None:
        self.body += piece

    def _on_message_complete(self) -> None:
        self.status = self.get_code()
        self.is_whole = self.status >= _FIRST_FINAL_STATUS
        self.keeps_alive = self.is_whole and self.should_keep_alive()
