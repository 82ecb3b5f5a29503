"""ASRClient and AsyncASRClient: thin shells that hand each call's flow to its driver."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Callable,
    Generator,
    Iterable,
    Sequence,
)
from typing import Self, Unpack

from asr_client.audio import AudioSource
from asr_client.auth import KeyRing
from asr_client.calls.batch import transcribe_batch
from asr_client.calls.inspection import check_health, describe_model, list_models
from asr_client.calls.many.flow import transcribe_many
from asr_client.calls.many.options import Jobs, ManyOptions, check_several, never
from asr_client.calls.recording import Recording
from asr_client.calls.session import Session
from asr_client.calls.terms import Options
from asr_client.calls.transcription import transcribe
from asr_client.contracts.kserve import KServe
from asr_client.drive import run, run_async, stream, stream_async
from asr_client.observability.observers import observe_by
from asr_client.pacing import Pacers
from asr_client.results import Health, Item, ModelInfo, ModelList, Transcript
from asr_client.settings.config import ClientConfig, Settings
from asr_client.transports import open_async_transport, open_transport

__all__ = ["ASRClient", "AsyncASRClient", "open_session"]


def open_session(url: str | None, settings: Settings) -> Session:
    """Check the settings, and put together what the calls of one client will share."""
    config = ClientConfig.resolve(url, **settings)
    return Session(
        config,
        _open_codec(config),
        keys=KeyRing(config.key_source),
        pacer_of=Pacers(config.endpoint.authority) if config.pacing else None,
        observe=observe_by(config),
    )


def _open_codec(config: ClientConfig) -> KServe:
    if config.endpoint.is_grpc:
        from asr_client.contracts.kserve_grpc import KServeGRPC

        return KServeGRPC()
    from asr_client.contracts.kserve_http import KServeHTTP

    return KServeHTTP()


class ASRClient:
    """
    Transcribes audio with a remote model; may be shared by threads.

    Connections are kept: make one client, use it for many calls, close it (or use `with`).

    Args:
        url: The server or its gateway: "http://host:8000", "grpc://host:8001",
            "https://gateway/prefix", or the full URL of one call. None reads ASR_URL.
        protocol: "auto" (default) finds out; else "http" or "grpc" (KServe v2), "generate",
            "asr-infer", "ulca" or "ai4i". None reads ASR_PROTOCOL.
        model: Model to ask, "asr_am_ensemble" by default; the service id with "ulca" and "ai4i".
            None reads ASR_MODEL.
        language: Language of calls that name none: code, tag or name. None reads ASR_LANGUAGE.
        languages: Codes that the model takes, where you know better than the model.
        api_key: The gateway's key, several in order of preference, or a function that is asked
            before each request. None reads ASR_API_KEY, or what ASR_API_KEY_FILE or
            ASR_API_KEY_COMMAND names.
        api_key_file: File with one key a line, the preferred one first; read again when it
            changes.
        api_key_command: Command (text, or words) that prints the same; run again when its key is
            refused.
        api_key_header: Header for it, "X-API-Key" by default; published gateways also use
            "apikey". None reads ASR_API_KEY_HEADER.
        deadline_s: Seconds for a whole call, waiting and repetitions included; None allows 30 s
            plus twice the audio's length, at most 15 minutes. A thread is not torn out of
            decoding, nor out of the key's function or command: those end in their own time.
        retry: How often and how soon a failed request is sent again; see
            `asr_client.retry.RetryPolicy`.
        pacing: Whether to slow down before a gateway's rate limit is used up, by its headers.
        on_attempt: Called after each try of each request with what is known of it, in the thread
            or on the loop that made it.
        telemetry: Whether calls and attempts become OpenTelemetry spans and metrics, under the
            providers that the application has set; needs asr-client[otel].
        connect_timeout_s: Seconds for one connection, TLS included; 5 by default.
        normalize_peak: Scale each recording to full scale, as some callers of the model do.
        chunking: How recordings are cut that are too long for one request (30 s by default); see
            `asr_client.Chunking`.
        connections: How many connections are kept, and for how long; see
            `asr_client.settings.connections.Connections`.
        proxy: URL of an HTTP proxy to go through, with its user and password if it wants them;
            "environment" for HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. None goes straight.
        tls_ca_file: PEM file with the authorities to trust instead of the system's.
        tls_cert_file: PEM file with the certificate that the client shows, where the server wants
            one; its key may be in it.
        tls_key_file: PEM file with the key of that certificate; without a password.

    Raises:
        ConfigError: If a setting cannot work. Nothing is sent before the first call.
    """

    def __init__(self, url: str | None = None, **settings: Unpack[Settings]) -> None:
        self._session = open_session(url, settings)
        self._transport = open_transport(self._session.config)

    def transcribe(
        self,
        audio: AudioSource,
        *,
        language: str | None = None,
        sample_rate_hz: int | None = None,
        deadline_s: float | None = None,
        on_progress: Callable[[float], object] | None = None,
    ) -> Transcript:
        """
        Turn one recording into text.

        One that is too long for one request is cut in its pauses, and several chunks are under way
        at a time; `Transcript.coverage` shows that none of it was left out. A chunk of which no
        text comes back is a gap in the text, told by a warning and by `Transcript.is_complete`;
        an error is raised only if that is all of it.

        Args:
            audio: Path, "-" for stdin, bytes of a file, binary file object, Waveform, or array of
                shape (frames,) or (frames, channels): floats within [-1, 1], int16, int32 or uint8.
            language: Code ("hi"), tag ("hi-IN") or name ("Hindi"); None takes the client's.
            sample_rate_hz: Rate of an array, in Hz; required there, and only there.
            deadline_s: Seconds for the whole call, discovery and decoding included.
            on_progress: Called in this thread (or on the loop) with the seconds of audio in each
                request of a long recording, as soon as it is answered.

        Raises:
            AudioError: If the recording cannot be used.
            LanguageError: If the model does not take the language.
            ServerError: If the server or its gateway refuses; the subclass says why.
            TransportError: If no reply came.
            ContractError: If the model or its reply is not as agreed.
        """
        options = Options(language, sample_rate_hz, deadline_s, on_progress)
        return run(transcribe(self._session, audio, options), self._transport)

    def transcribe_batch(
        self,
        audios: Sequence[AudioSource],
        *,
        language: str | None = None,
        sample_rate_hz: int | None = None,
        deadline_s: float | None = None,
    ) -> tuple[Transcript, ...]:
        """
        Turn several recordings of one language into text, in one request.

        Shorter ones are padded with zeros, so similar lengths waste least. One bad recording fails
        the whole batch. Arguments and errors are those of `transcribe`.

        Raises:
            ConfigError: If the model, or the protocol, does not take as many at once.
        """
        options = Options(language, sample_rate_hz, deadline_s)
        return run(transcribe_batch(self._session, audios, options), self._transport)

    def transcribe_many(  # noqa: PLR0913 - keyword-only options
        self,
        recordings: Iterable[AudioSource | Recording],
        *,
        language: str | None = None,
        sample_rate_hz: int | None = None,
        deadline_s: float | None = None,
        jobs: Jobs = "auto",
        ordered: bool = False,
        patience_s: float = 60.0,
        stopping: Callable[[], bool] | None = None,
        on_progress: Callable[[float], object] | None = None,
    ) -> Generator[Item, None, None]:
        """
        Turn any number of recordings into text, several at a time.

        Recordings are taken from *recordings* as there is room for them, in this thread, and only
        while results are asked for; so it may be endless. Each comes back as one Item, which holds
        its transcript or its own error. Long ones are cut as by `transcribe`; requests of similar
        length go together, padded to the same length where the model knows lengths, so that Triton
        can join them. A request that meets a server that is away or full goes again when it is
        back. Leaving the loop early stops what has not been sent.

        Args:
            recordings: What `transcribe` takes, or Recording where languages or rates differ.
            language: Language of those that name none.
            sample_rate_hz: Rate of arrays that come without one, in Hz.
            deadline_s: Seconds for one recording, counted from its first request.
            jobs: Requests under way at a time; "auto" finds out how many the server can use.
            ordered: Give results in the order of the recordings, not as they are ready.
            patience_s: How long a server that is away is waited for, in seconds.
            stopping: Asked before anything new is begun; once it says yes, what is under way is
                ended and the iteration with it. What was not transcribed by then does not come.
            on_progress: Called in this thread (or on the loop) with the seconds of audio in each
                request, as soon as it is answered.

        Raises:
            ConfigError: If an option cannot work.
            ASRError: If the way to the model is not found. What concerns one recording is in its
                Item.
        """
        check_several(recordings)
        options = Options(language, sample_rate_hz, deadline_s, on_progress)
        many = ManyOptions(jobs, ordered, patience_s, stopping or never)
        return stream(transcribe_many(self._session, options, many), self._transport, recordings)

    def health(self, *, deadline_s: float | None = None) -> Health:
        """Ask whether the server is live, ready, and has this client's model ready."""
        return run(check_health(self._session, deadline_s), self._transport)

    def models(self, *, deadline_s: float | None = None) -> ModelList:
        """List the server's models, and say which source named them."""
        return run(list_models(self._session, deadline_s), self._transport)

    def model(self, name: str | None = None, *, deadline_s: float | None = None) -> ModelInfo:
        """Tell how this client talks to a model (None: its own), and why in that way."""
        return run(describe_model(self._session, name, deadline_s), self._transport)

    def warm(self, connections: int = 1, *, deadline_s: float | None = None) -> ModelInfo:
        """
        Open connections and find the way to the model ahead of the first call.

        Args:
            connections: How many calls will be made at a time.
            deadline_s: Seconds for all of it; None is as for a call.

        Returns:
            How this client talks to the model.

        Raises:
            ASRError: As for a call; a client that cannot be warmed could not transcribe either.
        """
        deadline = self._session.deadline(deadline_s)
        self._transport.warm(connections, deadline)
        return self.model(deadline_s=deadline.require_s("opening connections"))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._session.config.endpoint)!r})"


class AsyncASRClient:
    """
    Transcribes audio with a remote model, from one event loop.

    Takes the same arguments, gives the same results and raises the same errors as ASRClient.
    Decoding runs in a thread, so that the loop stays free.
    """

    def __init__(self, url: str | None = None, **settings: Unpack[Settings]) -> None:
        self._session = open_session(url, settings)
        self._transport = open_async_transport(self._session.config)

    async def transcribe(
        self,
        audio: AudioSource,
        *,
        language: str | None = None,
        sample_rate_hz: int | None = None,
        deadline_s: float | None = None,
        on_progress: Callable[[float], object] | None = None,
    ) -> Transcript:
        """See `ASRClient.transcribe`."""
        options = Options(language, sample_rate_hz, deadline_s, on_progress)
        return await run_async(transcribe(self._session, audio, options), self._transport)

    async def transcribe_batch(
        self,
        audios: Sequence[AudioSource],
        *,
        language: str | None = None,
        sample_rate_hz: int | None = None,
        deadline_s: float | None = None,
    ) -> tuple[Transcript, ...]:
        """See `ASRClient.transcribe_batch`."""
        options = Options(language, sample_rate_hz, deadline_s)
        return await run_async(transcribe_batch(self._session, audios, options), self._transport)

    def transcribe_many(  # noqa: PLR0913 - keyword-only options
        self,
        recordings: Iterable[AudioSource | Recording] | AsyncIterable[AudioSource | Recording],
        *,
        language: str | None = None,
        sample_rate_hz: int | None = None,
        deadline_s: float | None = None,
        jobs: Jobs = "auto",
        ordered: bool = False,
        patience_s: float = 60.0,
        stopping: Callable[[], bool] | None = None,
        on_progress: Callable[[float], object] | None = None,
    ) -> AsyncGenerator[Item, None]:
        """See `ASRClient.transcribe_many`; an iterable that blocks would hold up the loop."""
        check_several(recordings)
        options = Options(language, sample_rate_hz, deadline_s, on_progress)
        many = ManyOptions(jobs, ordered, patience_s, stopping or never)
        flow = transcribe_many(self._session, options, many)
        return stream_async(flow, self._transport, recordings)

    async def health(self, *, deadline_s: float | None = None) -> Health:
        """See `ASRClient.health`."""
        return await run_async(check_health(self._session, deadline_s), self._transport)

    async def models(self, *, deadline_s: float | None = None) -> ModelList:
        """See `ASRClient.models`."""
        return await run_async(list_models(self._session, deadline_s), self._transport)

    async def model(self, name: str | None = None, *, deadline_s: float | None = None) -> ModelInfo:
        """See `ASRClient.model`."""
        return await run_async(describe_model(self._session, name, deadline_s), self._transport)

    async def warm(self, connections: int = 1, *, deadline_s: float | None = None) -> ModelInfo:
        """See `ASRClient.warm`."""
        deadline = self._session.deadline(deadline_s)
        await self._transport.warm(connections, deadline)
        return await self.model(deadline_s=deadline.require_s("opening connections"))

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._session.config.endpoint)!r})"
