"""Everything seen in one examination; probes fill it in, checks read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asr_client.contracts.kserve import ModelMetadata
from asr_client.doctor.sights import (
    Answer,
    Contact,
    Handshake,
    Lookup,
    Outcome,
    Speech,
    Tried,
    Upload,
    is_served,
)
from asr_client.endpoint import ASR_INFER_PATH, Endpoint
from asr_client.results import ModelInfo, ModelList, Transcript

__all__ = ["Seen"]


@dataclass(slots=True)
class Seen:
    """
    What was seen so far. None and empty mean that nobody looked, because an earlier step had failed
    or because there was nothing to look at.

    Attributes:
        endpoint: Where the server should be.
        model: The model that matters.
        key_fingerprint: Of the API key; empty without one.
        key_header: Header that carries it.
        proxy: The proxy on the way; empty for none.
        lookup: The host's name looked up.
        contacts: Its addresses called.
        handshake: TLS; None where the URL asks for none.
        speech: What the port speaks instead of what the URL promises.
        live: Is the process up? The first request of all, with the key.
        ready: Does it accept requests?
        model_ready: Is the model ready?
        metadata: The model's tensors.
        server: Name and version that the server itself gives.
        live_without_key: The first request again, without the key.
        way_without_key: What leads to a transcription, without the key.
        other_headers: The refused request again, with the key in other headers.
        refused: The first request that the key was refused for, before other headers were tried.
        json_call: The gateway's own call with nothing in it, which is refused on purpose.
        json_call_path: Which call that is.
        other_paths: Paths tried after the documented ones were not there.
        preflight: What a browser would ask before its first call.
        uploads: Bodies of growing size.
        uploads_path: Where these went.
        upload_ended: Why no larger ones followed; empty if the largest passed.
        models: The list of models.
        info: How the client would talk to the model.
        transcript: One real transcription.
        recording: What was transcribed.
        language: The language that it was said to be in; empty for none.
        answers: Every answer in the order in which it came.
        now_s: When the examination began, in seconds since 1970.
    """

    endpoint: Endpoint
    model: str
    key_fingerprint: str = ""
    key_header: str = ""
    proxy: str = ""
    lookup: Lookup | None = None
    contacts: Sequence[Contact] = ()
    handshake: Handshake | None = None
    speech: Speech | None = None
    live: Answer[bool] | None = None
    ready: Answer[bool] | None = None
    model_ready: Answer[bool] | None = None
    metadata: Answer[ModelMetadata] | None = None
    server: Answer[str] | None = None
    live_without_key: Answer[bool] | None = None
    way_without_key: Answer[object] | None = None
    refused: Answer[object] | None = None
    other_headers: Sequence[Tried[object]] = ()
    json_call: Answer[object] | None = None
    json_call_path: str = ASR_INFER_PATH
    other_paths: Sequence[Tried[object]] = ()
    preflight: Answer[str] | None = None
    uploads: Sequence[Upload] = ()
    uploads_path: str = ""
    upload_ended: str = ""
    models: Outcome[ModelList] | None = None
    info: Outcome[ModelInfo] | None = None
    transcript: Outcome[Transcript] | None = None
    recording: str = ""
    language: str = ""
    answers: list[Answer[object]] = field(default_factory=list)
    now_s: float = 0.0

    @property
    def is_reachable(self) -> bool:
        """Whether some address took a connection; a proxy's way cannot be looked at."""
        return bool(self.proxy) or any(not contact.error for contact in self.contacts)

    @property
    def replies(self) -> list[Answer[object]]:
        """The answers that came from somebody."""
        return [answer for answer in self.answers if answer.status is not None]

    @property
    def outcomes(self) -> list[Answer[object] | Outcome[object]]:
        """What the steps ended with that lead to a transcription, as far as they were taken."""
        steps = (self.live, self.metadata, self.json_call, self.ready, self.model_ready)
        calls = (self.models, self.info, self.transcript)
        return [each for each in (*steps, *calls) if each is not None]

    @property
    def kserve_is_here(self) -> bool:
        """Whether KServe v2 is served below this URL: somebody answers for the model."""
        found = self.metadata
        return found is not None and (found.error is None or found.code == "not_found_model")

    @property
    def json_call_is_here(self) -> bool:
        """Whether the gateway's own call is served: an empty one was refused, but by its server."""
        answer = self.json_call
        return answer is not None and is_served(answer)
