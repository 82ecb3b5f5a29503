"""The looking: one page of metrics, and one of statistics, from each server when asked to."""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from urllib.parse import quote

import certifi

from asr_client.errors import ConfigError, ContractError
from asr_loadtest.cluster.triton.metrics import read_metrics
from asr_loadtest.cluster.triton.readings import PodReading
from asr_loadtest.cluster.triton.statistics import read_batches, read_steps
from asr_loadtest.cluster.triton.targets import PodTarget, pod_targets

__all__ = ["MetricsScraper", "PodScraper"]

_LARGEST_REPLY_BYTES = 8 * 2**20
_PIECE_BYTES = 64 * 2**10
# Looks at a pod that failed again and again are this far apart at most.
_LONGEST_PAUSE_S = 10.0


class MetricsScraper:
    """
    Looks at several servers, one after the other.

    Nothing is asked before `scrape_all`, and each look asks each server three times at most. Under
    gevent's monkey-patching the waiting lets others run; to look at many servers at once, call
    each of `pods` in a greenlet of its own.

    Args:
        urls: Of the metrics, one for each pod.
        model: The model under test; empty if it is not known.
        http_urls: The pods' HTTP interfaces, in the same order, for batch sizes and steps; none to
            go by Triton's usual ports.
        timeout_s: For one answer, from connecting to its end.
        ca_file: PEM file of the authorities to trust; None for the usual ones. TLS is verified.

    Raises:
        ConfigError: If a URL or the file cannot be used.
    """

    def __init__(
        self,
        urls: Sequence[str],
        model: str = "",
        *,
        http_urls: Sequence[str] = (),
        timeout_s: float = 2.0,
        ca_file: str | None = None,
    ) -> None:
        self._web = _Web(timeout_s, ca_file)
        self._model = model
        self.pods: tuple[PodScraper, ...] = ()
        self.follow(pod_targets(urls, http_urls))

    def follow(self, targets: Sequence[PodTarget]) -> None:
        """Look at these servers from now on; who was there before is known still."""
        known = {pod.target: pod for pod in self.pods}
        self.pods = tuple(
            known.get(each) or PodScraper(each, self._model, self._web) for each in targets
        )

    def scrape_all(self, at_s: float, *, insist: bool = False) -> tuple[PodReading, ...]:
        """
        Look at every server; see `PodScraper.scrape`.

        Args:
            at_s: Now, in seconds since the run's zero.
            insist: Ask those as well that are left alone for a while because they failed: for the
                last look of a run.
        """
        readings = (pod.scrape(at_s, insist=insist) for pod in self.pods)
        return tuple(reading for reading in readings if reading is not None)


class PodScraper:
    """One server; not to be used by two at once."""

    def __init__(self, target: PodTarget, model: str, web: _Web) -> None:
        self.target = target
        self._model = model
        self._web = web
        self._metrics = _Patience()
        self._statistics = _Patience()
        self._steps: tuple[str, ...] | None = None if model else ()

    def scrape(self, at_s: float, *, insist: bool = False) -> PodReading | None:
        """
        Look once; a failure is a reading that says so.

        After failures the server is left alone for 1, 2, 4 and so on up to 10 s; a look asked for
        in that time gives None.
        """
        if at_s < self._metrics.not_before_s and not insist:
            return None
        try:
            page = self._web.get(self.target.metrics_url).decode("utf-8", "replace")
            reading = read_metrics(page, at_s=at_s, pod=self.target.pod)
        except _FAILURES as error:
            self._metrics.lose(at_s, str(error))
            return PodReading(at_s=at_s, pod=self.target.pod, failure=str(error))
        self._metrics = _Patience()
        return self._with_statistics(reading, insist=insist)

    def _with_statistics(self, reading: PodReading, *, insist: bool) -> PodReading:
        if not self.target.http_url:
            return replace(reading, without_batches="no HTTP interface of the pod is known")
        try:
            if reading.at_s < self._statistics.not_before_s and not insist:
                raise _NoAnswerError(self._statistics.reason)
            batches = read_batches(self._web.get(f"{self.target.http_url}/v2/models/stats"))
        except _FAILURES as error:
            self._statistics.lose(reading.at_s, str(error))
            return replace(reading, without_batches=str(error))
        self._statistics = _Patience()
        models = {
            name: replace(counters, batches=batches.get(name, {}))
            for name, counters in reading.models.items()
        }
        return replace(reading, models=models, steps=self._known_steps())

    def _known_steps(self) -> tuple[str, ...]:
        """Ask once; where the answer is no, the counters tell an ensemble nearly as well."""
        if self._steps is None:
            try:
                url = f"{self.target.http_url}/v2/models/{quote(self._model, safe='')}/config"
                self._steps = read_steps(self._web.get(url))
            except _FAILURES:
                self._steps = ()
        return self._steps


@dataclass(slots=True)
class _Patience:
    """How long a server that failed is left alone."""

    failures: int = 0
    reason: str = ""
    not_before_s: float = -inf

    def lose(self, at_s: float, reason: str) -> None:
        """Count a failure; while the server is left alone, asking is none."""
        if at_s >= self.not_before_s:
            self.failures += 1
            self.reason = reason
            self.not_before_s = at_s + min(2.0 ** (self.failures - 1), _LONGEST_PAUSE_S)


class _NoAnswerError(Exception):
    """No usable reply came; the text says why."""


_FAILURES = (_NoAnswerError, ContractError)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Metrics are where the user said or nowhere."""

    def redirect_request(self, *_: object) -> None:
        return None


class _Web:
    """GET without proxies, redirects, keys and surprises in size or time."""

    def __init__(self, timeout_s: float, ca_file: str | None) -> None:
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=_verifying(ca_file)),
            _NoRedirect,
        )
        self._opener.addheaders = [("User-Agent", "asr-loadtest")]

    def get(self, url: str) -> bytes:
        """
        Fetch a page.

        Raises:
            _NoAnswerError: If none came, or not in time, or too large, or with an error's status.
        """
        end_s = time.monotonic() + self._timeout_s
        try:
            reply: http.client.HTTPResponse
            with self._opener.open(url, timeout=self._timeout_s) as reply:
                return _read(reply, end_s)
        except urllib.error.HTTPError as error:
            error.close()
            raise _NoAnswerError(f"HTTP {error.code} from {url}") from error
        except TimeoutError as error:
            raise _NoAnswerError(f"no answer within {self._timeout_s:g} s from {url}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            cause = getattr(error, "reason", error)
            words = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
            raise _NoAnswerError(f"{words} from {url}") from error


def _read(reply: http.client.HTTPResponse, end_s: float) -> bytes:
    pieces: list[bytes] = []
    size_bytes = 0
    while piece := reply.read1(_PIECE_BYTES):
        pieces.append(piece)
        size_bytes += len(piece)
        if size_bytes > _LARGEST_REPLY_BYTES:
            raise ValueError(f"more than {_LARGEST_REPLY_BYTES >> 20} MiB")
        if time.monotonic() > end_s:
            raise TimeoutError
    if reply.length:
        raise ValueError("only a part of the reply")
    return b"".join(pieces)


def _verifying(ca_file: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if ca_file is None:
            # Slim containers have no store of their own.
            context.load_verify_locations(certifi.where())
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"cannot use the PEM file {ca_file}: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
