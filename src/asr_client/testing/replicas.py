"""The gateway's upstream targets: a ring that each try moves on by one."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from asr_client.endpoint import parse_url
from asr_client.errors import ConfigError

__all__ = ["Replica", "Ring"]


@dataclass(frozen=True, slots=True)
class Replica:
    """One upstream server."""

    host: str
    port: int
    url: str

    @classmethod
    def at(cls, url: str) -> Replica:
        """
        Read a URL.

        Raises:
            ConfigError: If it is none, or asks for encryption: upstreams are reached in the clear.
        """
        endpoint = parse_url(url)
        if endpoint.is_tls or endpoint.prefix:
            raise ConfigError("an upstream is a plain http:// or grpc:// URL without a path")
        return cls(endpoint.host, endpoint.port, str(endpoint))


class Ring:
    """The replicas in turn, one for each try; safe to use from any thread."""

    def __init__(self, urls: Iterable[str]) -> None:
        self._replicas = [Replica.at(url) for url in urls]
        self._turn = 0
        self._turning = threading.Lock()

    def next(self) -> Replica | None:
        """Give the one whose turn it is; None if there is none at all."""
        with self._turning:
            if not self._replicas:
                return None
            self._turn += 1
            return self._replicas[(self._turn - 1) % len(self._replicas)]

    def add(self, url: str) -> None:
        """Let a replica take its turn from now on."""
        replica = Replica.at(url)
        with self._turning:
            if replica not in self._replicas:
                self._replicas.append(replica)

    def drop(self, url: str) -> Replica | None:
        """Give a replica no more turns; return it, or None if it has none."""
        replica = Replica.at(url)
        with self._turning:
            if replica not in self._replicas:
                return None
            self._replicas.remove(replica)
            return replica

    @property
    def urls(self) -> tuple[str, ...]:
        """Who takes turns."""
        with self._turning:
            return tuple(replica.url for replica in self._replicas)
