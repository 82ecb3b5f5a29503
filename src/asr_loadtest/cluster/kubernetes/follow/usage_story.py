"""The pods' CPU and memory: asked for in turn, since metrics.k8s.io cannot be watched."""

from __future__ import annotations

from http import HTTPStatus

from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError
from asr_loadtest.cluster.kubernetes.follow.story import Ask, Renew, Report, Story, Wait
from asr_loadtest.cluster.kubernetes.follow.watch_story import Means
from asr_loadtest.cluster.kubernetes.objects import read_usage
from asr_loadtest.cluster.kubernetes.resources import WatchTarget, usage_query
from asr_loadtest.cluster.kubernetes.sightings import UsageSeen

__all__ = ["tell_usage"]


def tell_usage(target: WatchTarget, means: Means) -> Story:
    """Ask without end; a failure is told, and asked again after more time."""
    path, query = usage_query(target)
    has_renewed = False
    while True:
        try:
            page = yield Ask(path, query)
            seen = _read(page, means.now_s())
        except TroubleError as trouble:
            if trouble.status == HTTPStatus.UNAUTHORIZED and not has_renewed:
                has_renewed = True
                yield Renew()
                continue
            has_renewed = False
            yield Report((UsageSeen(at_s=means.now_s(), failure=trouble.words),))
            yield Wait(max(_patience_s(trouble, means), trouble.retry_after_s))
        else:
            has_renewed = False
            yield Report((seen,))
            yield Wait(means.pace.usage_s)


def _patience_s(trouble: TroubleError, means: Means) -> float:
    """A server that is away comes back; an API that is not there hardly."""
    return means.pace.usage_s if trouble.status is None else means.pace.slow_s


def _read(page: object, at_s: float) -> UsageSeen:
    try:
        return read_usage(page, at_s)  # type: ignore[arg-type]  # looked at by failing
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TroubleError("what came is no PodMetricsList") from error
