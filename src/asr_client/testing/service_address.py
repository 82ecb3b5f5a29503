"""What a Kubernetes Service does to connections: each goes to one replica, and stays there."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, Self

from asr_client.errors import ConfigError
from asr_client.testing.background import LoopThread, close_server, each_in_a_task
from asr_client.testing.http_server import reset
from asr_client.testing.relay import relay
from asr_client.testing.replicas import Replica

__all__ = ["ReplicaTraffic", "ServiceAddress"]


@dataclass(frozen=True, slots=True)
class ReplicaTraffic:
    """
    What went to one replica.

    Attributes:
        connections: Made so far.
        open_connections: Open now.
        traffic_bytes: Carried both ways.
    """

    connections: int = 0
    open_connections: int = 0
    traffic_bytes: int = 0


class ServiceAddress:
    """
    One TCP address for several replicas, on a free port of 127.0.0.1.

    As kube-proxy does, it chooses a replica for each connection and knows nothing of requests: a
    client that keeps its connection keeps its replica, and a new replica gets no work from old
    connections. A replica that is taken away keeps the connections it has.

        with ServiceAddress([one.http_url, two.http_url]) as service:
            ASRClient(service.url)

    Args:
        replicas: URLs of servers, all http or all grpc.
        choose: "random", as kube-proxy's iptables mode does, or "in-turn".
        seed: For the random choice.
    """

    def __init__(
        self,
        replicas: Sequence[str],
        *,
        choose: Literal["random", "in-turn"] = "random",
        seed: int = 0,
    ) -> None:
        self._replicas = [Replica.at(url) for url in replicas]
        self._scheme = replicas[0].partition("://")[0] if replicas else "http"
        self._random = random.Random(seed) if choose == "random" else None  # noqa: S311 - a load balancer's
        self._turn = 0
        self._traffic: dict[str, ReplicaTraffic] = {}
        self._changing = threading.Lock()
        self._thread: LoopThread | None = None
        self._server: asyncio.Server | None = None

    def start(self) -> Self:
        """
        Begin to listen.

        Raises:
            ConfigError: If it is up already.
        """
        if self._thread is not None:
            raise ConfigError("this service address is already up")
        self._thread = LoopThread("service-address")
        self._server = self._thread.run(self._listen())
        return self

    def stop(self) -> None:
        """End all connections; harmless when it is not up."""
        thread, server, self._thread, self._server = self._thread, self._server, None, None
        if thread is not None and server is not None:
            thread.run(close_server(server))
            thread.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where clients connect; the scheme is the replicas'."""
        if self._server is None:
            raise ConfigError("the service address is not up", hint="call start() first")
        return f"{self._scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def traffic(self) -> dict[str, ReplicaTraffic]:
        """What went to each replica so far, by its URL."""
        with self._changing:
            return {
                **{replica.url: ReplicaTraffic() for replica in self._replicas},
                **self._traffic,
            }

    def adds_replica(self, url: str) -> None:
        """Let new connections go to one more replica."""
        with self._changing:
            self._replicas.append(Replica.at(url))

    def drops_replica(self, url: str) -> None:
        """
        Let no new connection go to a replica; those it has stay.

        Raises:
            ConfigError: If it has no such replica.
        """
        replica = Replica.at(url)
        with self._changing:
            if replica not in self._replicas:
                raise ConfigError(f"{url} is no replica of this service address")
            self._replicas.remove(replica)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(each_in_a_task(self._carry), "127.0.0.1", 0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        replica = self._choose()
        if replica is None:
            reset(writer)
            return
        with suppress(OSError):
            there = await asyncio.open_connection(replica.host, replica.port)
            self._note(replica, connections=1, open_now=1)
            try:
                await relay((reader, writer), there, lambda n: self._note(replica, carried=n))
            finally:
                self._note(replica, open_now=-1)

    def _choose(self) -> Replica | None:
        with self._changing:
            if not self._replicas:
                return None
            if self._random is not None:
                return self._random.choice(self._replicas)
            self._turn += 1
            return self._replicas[(self._turn - 1) % len(self._replicas)]

    def _note(
        self, replica: Replica, *, connections: int = 0, open_now: int = 0, carried: int = 0
    ) -> None:
        with self._changing:
            old = self._traffic.get(replica.url, ReplicaTraffic())
            self._traffic[replica.url] = replace(
                old,
                connections=old.connections + connections,
                open_connections=old.open_connections + open_now,
                traffic_bytes=old.traffic_bytes + carried,
            )
