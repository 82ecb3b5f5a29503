"""What the stand-in answers, apart from what goes wrong: a question and a moment in, bytes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from asr_loadtest.replay.api.listing import PageToken, as_list, page_of
from asr_loadtest.replay.api.questions import Question
from asr_loadtest.replay.api.selectors import (
    Selector,
    SelectorError,
    fields_selector,
    labels_selector,
)
from asr_loadtest.replay.api.statuses import (
    bad_request,
    expired_list,
    failure,
    not_found,
    too_large_version,
)
from asr_loadtest.replay.api.watching import Step, WatchOrder, plan_watch
from asr_loadtest.replay.api.wire import encode_line, encode_spaced
from asr_loadtest.replay.faults import FaultScript
from asr_loadtest.replay.history import History
from asr_loadtest.replay.recording import Recording
from asr_loadtest.replay.resources import Resource

__all__ = ["JSON", "TEXT", "Answer", "Objects", "Watch", "pod_metrics"]

JSON: Mapping[str, str] = {"Content-Type": "application/json"}
TEXT: Mapping[str, str] = {"Content-Type": "text/plain; charset=utf-8"}

# ASSUMED: a server without the flag --min-request-timeout ends a watch after 30 to 60 minutes.
_DEFAULT_TIMEOUT_S = 1800
# Seen: the last bookmark comes 0.8 to 2.3 s before the timeout.
_LAST_BOOKMARK_S = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)


@dataclass(frozen=True, slots=True)
class Watch:
    """An answer that goes on: what it is sent, in order of time, the last step with an ending."""

    steps: Iterator[Step]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Objects:
    """
    What is asked about objects.

    Attributes:
        history: The objects over time.
        script: What goes wrong with open watches.
        speed: Seconds of the recording per real one.
    """

    history: History
    script: FaultScript
    speed: float

    def list(self, resource: Resource, question: Question, at_s: float) -> Answer:
        """Answer with all that there is, a page of it, or what there was at an exact version."""
        try:
            selects = _selector(question, resource)
            limit = _number(question, "limit", "ParseInt")
            asked = _version(question) or 0
            token = PageToken.parse(text) if (text := question.query.get("continue")) else None
        except ValueError as error:
            return _status(bad_request(str(error)))
        version = current = self.history.version_at(at_s)
        if asked > current:
            status = too_large_version(asked, current)
            return Answer(504, encode_line(status), {**JSON, "Retry-After": "1"})
        if token is not None and token.version > 0:
            version = token.version
        elif asked and question.query.get("resourceVersionMatch") == "Exact":
            version = asked
        if version < self.history.compacted(at_s):
            return _status(expired_list(str(token.inconsistent()) if token else None))
        things = [each for each in self.history.objects(resource, version) if selects(each)]
        page = page_of(things, limit, token.after if token else "")
        return Answer(200, encode_line(as_list(resource, page, version)))

    def get(self, resource: Resource, name: str, at_s: float) -> Answer:
        """Answer with one object."""
        for each in self.history.objects(resource, self.history.version_at(at_s)):
            if each["metadata"]["name"] == name:
                return Answer(200, encode_line(each))
        return _status(not_found(resource, name))

    def watch(self, resource: Resource, question: Question, at_s: float) -> Answer | Watch:
        """Open a watch; its timeoutSeconds are real ones, for a client's time is."""
        try:
            selects = _selector(question, resource)
            timeout_s = _number(question, "timeoutSeconds", "ParseInt") or _DEFAULT_TIMEOUT_S
            version = _version(question)
        except ValueError as error:
            return _status(bad_request(str(error)))
        order = WatchOrder(
            resource,
            selects,
            version,
            opened_s=at_s,
            ends_s=at_s + timeout_s * self.speed,
            last_bookmark_s=at_s + max(timeout_s - _LAST_BOOKMARK_S, timeout_s / 2) * self.speed,
            bookmarks=_is_true(question, "allowWatchBookmarks"),
            marks_initial=_is_true(question, "sendInitialEvents"),
        )
        return Watch(plan_watch(self.history, self.script, order))


def pod_metrics(recording: Recording, question: Question, name: str | None, at_s: float) -> Answer:
    """Answer from metrics.k8s.io: its backend's words, as recorded."""
    try:
        selects = labels_selector(question.query.get("labelSelector", ""))
    except SelectorError as error:
        return _status(bad_request(str(error)))
    poll = recording.poll_at(at_s)
    empty = {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}}
    body: Any = poll.body if poll else {**empty, "items": []}
    if poll and poll.status != 200:  # noqa: PLR2004 - HTTP's OK
        return Answer(poll.status, encode_spaced(body))
    if name is None:
        items = [each for each in body["items"] if selects(each)]
        return Answer(200, encode_spaced({**body, "items": items}))
    for each in body["items"]:
        if each["metadata"]["name"] == name:
            head = {"kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1"}
            return Answer(200, encode_spaced({**head, **each}))
    status = failure(404, "NotFound", "")
    keys = ("kind", "apiVersion", "status", "code", "reason")
    return Answer(404, encode_spaced({key: status[key] for key in keys}))


def _status(status: Mapping[str, Any]) -> Answer:
    return Answer(status["code"], encode_line(status))


def _selector(question: Question, resource: Resource) -> Selector:
    by_labels = labels_selector(question.query.get("labelSelector", ""))
    by_fields = fields_selector(question.query.get("fieldSelector", ""), resource)
    return lambda thing: by_labels(thing) and by_fields(thing)


def _is_true(question: Question, name: str) -> bool:
    return question.query.get(name) in ("1", "true")


def _number(question: Question, name: str, parser: str) -> int:
    text = question.query.get(name, "") or "0"
    if not text.isdecimal():
        raise ValueError(f'strconv.{parser}: parsing "{text}": invalid syntax')
    return int(text)


def _version(question: Question) -> int | None:
    """The version that was asked for; None for none, and 0 means any."""
    try:
        return _number(question, "resourceVersion", "ParseUint") or None
    except ValueError as error:
        text = question.query["resourceVersion"]
        raise ValueError(
            f'invalid resource version: resourceVersion: Invalid value: "{text}": {error}'
        ) from error
