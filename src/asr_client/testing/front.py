"""
The gateway's one door: HTTP/1.1 and gRPC on the same port, told apart by their first bytes.

As on Kong, whose plain listener takes both. gRPC's connections are carried on to a server that
listens inside only; whatever is to happen to a connection as a whole happens here.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from asr_client.testing.drills import Drills
from asr_client.testing.http_server import HttpConnection, reset
from asr_client.testing.proxy_http import HttpProxy
from asr_client.testing.relay import relay

__all__ = ["Front"]

_HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Front:
    """
    Accepts connections; belongs to one event loop.

    Args:
        drills: Some strike connections before anything is said.
        http: Who serves HTTP.
        grpc_port: Where gRPC is served; 0 where it is not.
    """

    def __init__(self, drills: Drills, http: HttpProxy, grpc_port: int) -> None:
        self._drills = drills
        self._http = http
        self._grpc_port = grpc_port
        self._grpc_clients: dict[int, asyncio.StreamWriter] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        if self._drills.strike_connection() is not None:
            reset(writer)
            return
        with suppress(OSError):
            await self._hear(reader, writer)

    def reset_grpc(self, inner_port: int) -> None:
        """Reset the gRPC connection that the inner server knows by this port of its peer."""
        client = self._grpc_clients.get(inner_port)
        if client is not None:
            reset(client)

    def reset_all_grpc(self) -> None:
        """Reset every gRPC connection."""
        for inner_port in tuple(self._grpc_clients):
            self.reset_grpc(inner_port)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun = b""
        while _HTTP2_PREFACE.startswith(begun) and begun != _HTTP2_PREFACE:
            piece = await reader.read(len(_HTTP2_PREFACE) - len(begun))
            if not piece:
                return
            begun += piece
        peer: str = writer.get_extra_info("peername")[0]
        if begun == _HTTP2_PREFACE and self._grpc_port:
            await self._carry_grpc(reader, writer, begun)
        else:
            await self._http.serve(HttpConnection(reader, writer, begun), peer)

    async def _carry_grpc(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: bytes
    ) -> None:
        inner = await asyncio.open_connection("127.0.0.1", self._grpc_port)
        inner_port: int = inner[1].get_extra_info("sockname")[1]
        self._grpc_clients[inner_port] = writer
        try:
            inner[1].write(begun)
            await relay((reader, writer), inner)
        finally:
            del self._grpc_clients[inner_port]
