"""
The document: every figure that any report shows, and nothing that a report must still work out.

Reports are made of it alone, so two of them cannot disagree. docs/loadtest-report.md tells each
key. Times are in seconds, shares from 0 to 1, rates per second; None is "not known".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from asr_loadtest.cluster.triton.server_timeline import ServerTimeline
from asr_loadtest.judgement.capacity import capacity
from asr_loadtest.judgement.slo import Slo
from asr_loadtest.judgement.slo_file import slo_fields
from asr_loadtest.judgement.verdict import Verdict
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.lengths import LENGTH_BUCKETS
from asr_loadtest.load.outcomes import Outcome, count_failed, count_refused
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.tally import Group, Tally
from asr_loadtest.report.autoscaler_assessment import AutoscalerAssessment
from asr_loadtest.report.autoscaler_section import autoscaler_section
from asr_loadtest.report.generator_section import generator_section, generator_series
from asr_loadtest.report.group_figures import (
    class_rows,
    curve,
    group_row,
    percentiles,
    rtfx_figures,
)
from asr_loadtest.report.rounding import ratio, rounded
from asr_loadtest.report.series import timeline_series
from asr_loadtest.report.server_section import judged_span, server_section

__all__ = ["SCHEMA", "Document", "document"]

SCHEMA = "asr-loadtest/1"

# JSON's own types all the way down.
Document = dict[str, Any]

_OPEN = "open loop: arrivals by schedule, response times from the intended start"
_CLOSED = (
    "closed loop: users wait for their answers, so a slow server is asked less: prone to"
    " coordinated omission"
)
_GATEWAY_CAVEAT = (
    "Kong's own headers, in whole milliseconds. Its proxy latency is not its overhead: it includes"
    " a slow upload. Its upstream latency is of the last try, and ends with the reply's header."
)
# A request of these was answered in whole, one way or the other.
_UNANSWERED: tuple[Outcome, ...] = ("timeout", "connection", "truncated")


def document(  # noqa: PLR0913 - all that is known of a run
    info: RunInfo,
    tally: Tally,
    *,
    server: ServerTimeline | None,
    autoscaler: AutoscalerAssessment | None,
    health: Sequence[GeneratorReading],
    verdict: Verdict,
    slo: Slo,
    notes: Sequence[str] = (),
) -> Document:
    """
    Put everything together.

    Args:
        info: What the run was.
        tally: What came of its requests; counted by `slo.is_good`.
        server: What the servers did; None if nobody looked.
        autoscaler: What the cluster's autoscaler did; None if nobody watched it.
        health: How the generator was doing.
        verdict: What it came to.
        slo: What was to hold.
        notes: What is to be said beside the run's own notes, a sentence each.
    """
    languages = sorted(tally.languages)
    lengths = [name for name in LENGTH_BUCKETS if name in tally.lengths]
    return {
        "schema": SCHEMA,
        "verdict": _verdict(verdict),
        "slo": {"source": PurePath(slo.source).name, "limits": slo_fields(slo)},
        "run": _run(info),
        "load": _load(info, tally),
        "all": _groups(info, tally, {"all": tally.all})[0],
        "outcomes": class_rows(tally.all, tally.span_s),
        "failures": [
            {"outcome": outcome, "detail": detail, "count": count}
            for (outcome, detail), count in tally.failures.most_common()
        ],
        "latency": _latency(tally),
        "asr": _asr(info, tally),
        "languages": _groups(info, tally, {name: tally.languages[name] for name in languages}),
        "lengths": _groups(info, tally, {name: tally.lengths[name] for name in lengths}),
        "keys": _by_number("key", tally.keys),
        "workers": _workers(info, tally),
        "gateway": _gateway(tally),
        "server": None if server is None else server_section(server, tally),
        "autoscaler": None if autoscaler is None else autoscaler_section(autoscaler),
        "generator": generator_section(health, judged_span(tally)),
        "timeline": _timeline(health, tally),
        "corpus": dict(info.corpus),
        "settings": dict(info.settings),
        "versions": dict(info.versions),
        "preflight": list(info.preflight),
        "notes": [*info.notes, *notes],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    fields = verdict.to_fields()
    for criterion in fields["criteria"]:
        criterion["limit"] = rounded(criterion["limit"])
        criterion["measured"] = rounded(criterion["measured"])
        criterion["interval"] = {k: rounded(v) for k, v in criterion["interval"].items()}
    return fields


def _run(info: RunInfo) -> dict[str, Any]:
    fields = info.to_fields()
    told_elsewhere = ("corpus", "settings", "versions", "preflight", "notes", "workers", "offered")
    started = datetime.fromtimestamp(info.started_unix_s, UTC).isoformat(timespec="seconds")
    return {
        **{name: value for name, value in fields.items() if name not in told_elsewhere},
        "route": dict(info.route),
        "rate_rps": rounded(info.rate_rps),
        "ended_s": rounded(info.ended_s),
        "started": started.replace("+00:00", "Z"),
        "loop_in_words": _CLOSED if info.loop == "closed" else _OPEN,
    }


def _load(info: RunInfo, tally: Tally) -> dict[str, Any]:
    """Rates of what was to come are of the time of arrivals; of what came of it, of the span."""
    group, span_s = tally.all, tally.span_s
    from_s, until_s = judged_span(tally)
    if info.duration_s is not None and info.ended_by == "plan":
        until_s = max(info.duration_s, from_s)
    arrivals_s = until_s - from_s
    completed = group.sent - sum(group.outcomes[outcome] for outcome in _UNANSWERED)
    refused, failed = count_refused(group.outcomes), count_failed(group.outcomes)
    recorded = group.count + tally.warm_up.count
    return {
        "arrivals_s": rounded(arrivals_s),
        "span_s": rounded(span_s),
        "offered": group.count,
        "sent": group.sent,
        "completed": completed,
        "ok": group.outcomes["ok"],
        "good": group.good,
        "refused": refused,
        "failed": failed,
        "not_sent": group.outcomes["not_sent"],
        "offered_rps": ratio(group.count, arrivals_s),
        "sent_rps": ratio(group.sent, arrivals_s),
        "completed_rps": ratio(completed, span_s),
        "ok_rps": ratio(group.outcomes["ok"], span_s),
        "good_rps": ratio(group.good, span_s),
        "ok_share": ratio(group.outcomes["ok"], group.count),
        "good_share": ratio(group.good, group.count),
        "refused_share": ratio(refused, group.sent),
        "failed_share": ratio(failed, group.sent),
        "not_sent_share": ratio(group.outcomes["not_sent"], group.count),
        "warm_up": tally.warm_up.count,
        "scheduled": info.offered,
        "missing": None if info.offered is None else max(info.offered - recorded, 0),
    }


def _latency(tally: Tally) -> dict[str, Any]:
    group = tally.all
    return {
        "response": percentiles(group.response),
        "service": percentiles(group.service),
        "lag": percentiles(tally.lag),
        "connect": percentiles(tally.connect),
        "response_curve": curve(group.response),
        "service_curve": curve(group.service),
    }


def _asr(info: RunInfo, tally: Tally) -> dict[str, Any]:
    group = tally.all
    carried = capacity(tally, info.replicas, info.price_per_hour)
    fields = {} if carried is None else carried.to_fields()
    return {
        "audio_s": rounded(group.audio_s),
        "padded_s": rounded(group.padded_s),
        "padding_share": ratio(group.padded_s - group.audio_s, group.padded_s),
        "audio_s_per_s": rounded(fields.get("audio_per_s")),
        "live_streams": rounded(fields.get("streams")),
        "cost_per_audio_hour": rounded(fields.get("cost_per_audio_h")),
        "price_per_hour": info.price_per_hour,
        "replicas": info.replicas,
        "good_rps_per_replica": rounded(fields.get("replica_rps")),
        "streams_per_replica": rounded(fields.get("replica_streams")),
        "rtfx": rtfx_figures(group.rtfx),
    }


def _groups(info: RunInfo, tally: Tally, groups: Mapping[str, Group]) -> list[dict[str, Any]]:
    """Give a row each; the servers' price is shared out by the time that the requests took."""
    rows = []
    for name, group in groups.items():
        price = info.price_per_hour
        if price is not None and tally.all.service.total:
            price *= group.service.total / tally.all.service.total
        rows.append(group_row(name, group, tally.span_s, price))
    return rows


def _by_number(name: str, counts: Mapping[int, Mapping[Outcome, int]]) -> list[dict[str, Any]]:
    return [{name: number, "outcomes": dict(counts[number])} for number in sorted(counts)]


def _workers(info: RunInfo, tally: Tally) -> list[dict[str, Any]]:
    return [
        {**asdict(worker), "outcomes": dict(tally.workers.get(worker.index, {}))}
        for worker in info.workers
    ]


def _gateway(tally: Tally) -> dict[str, Any] | None:
    """Give what the gateway told of its own time; None if it told nothing, or there is none."""
    if not tally.gateway.count and not tally.upstream.count:
        return None
    return {
        "proxy": percentiles(tally.gateway),
        "upstream": percentiles(tally.upstream),
        "caveat": _GATEWAY_CAVEAT,
    }


def _timeline(health: Sequence[GeneratorReading], tally: Tally) -> dict[str, Any]:
    series = timeline_series(tally.timeline)
    generator = generator_series(health, series["start_s"], series["width_s"])
    return {**series, "generator": generator}
