"""What is asked: the model behind the host, how it is reached, with which recordings and keys."""

from __future__ import annotations

from dataclasses import dataclass

from asr_client.auth import ApiKey
from asr_client.auth.key import read_key_file
from asr_client.calls.discovery import find_route
from asr_client.calls.session import Route, Session
from asr_client.client import open_session
from asr_client.drive import run
from asr_client.errors import ConfigError
from asr_loadtest.engine.client_settings import policy_of, settings_of
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.engine.wires.wire import Wire, open_wire
from asr_loadtest.load.corpus import Corpus, CorpusSpec, Payloads, load_corpus

__all__ = ["Target", "open_target"]

_DISCOVERY_S = 15.0


@dataclass(frozen=True, slots=True)
class Target:
    """
    Everything that a request is made of.

    Attributes:
        session: The SDK's view of the host: settings, codec, routes.
        wire: What carries requests.
        route: The way to the model, and why it is this one.
        corpus: The recordings.
        payloads: Them, encoded once.
        keys: API keys that go along in turn; none: whatever the session's key ring has.
    """

    session: Session
    wire: Wire
    route: Route
    corpus: Corpus
    payloads: Payloads
    keys: tuple[ApiKey, ...]

    def key(self, number: int) -> tuple[int, ApiKey | None]:
        """Give the key for one request, and its place among the keys."""
        if not self.keys:
            return 0, self.session.keys.current()
        place = number % len(self.keys)
        return place, self.keys[place]

    def close(self) -> None:
        """End all connections."""
        self.wire.close()


def open_target(host: str | None, options: LoadOptions) -> Target:
    """
    Find the model, read the recordings, encode the requests.

    Raises:
        ASRError: If the host does not answer, refuses, or has no such model; if a recording cannot
            be used or is in a language that the model does not take; if an option cannot work.
    """
    session = open_session(host or None, settings_of(options))
    keys = _several_keys(options)
    wire = open_wire(session.config, policy_of(options))
    try:
        call = session.call(_DISCOVERY_S)
        route = run(find_route(call, session.config.model), wire)
        recognizer = route.recognizer
        corpus = load_corpus(_corpus_spec(options), rate_hz=recognizer.sample_rate_hz)
        corpus = corpus.fitting(recognizer)
        payloads = Payloads(corpus, recognizer, perturb=options.perturb)
        payloads.encode_all()
    except BaseException:
        wire.close()
        raise
    return Target(session, wire, route, corpus, payloads, keys)


def _corpus_spec(options: LoadOptions) -> CorpusSpec:
    return CorpusSpec(
        source=options.corpus,
        languages=(options.language,) if options.language else (),
        default_language=options.language,
        mix=options.mix,
        lengths_s=options.synthetic_lengths_s,
        pad_to_s=options.pad_to_s,
        perturb=options.perturb,
        seed=options.seed,
    )


def _several_keys(options: LoadOptions) -> tuple[ApiKey, ...]:
    if not options.spread_keys:
        return ()
    if not options.api_key_file:
        raise ConfigError(
            "--asr-spread-keys has no keys to spread",
            hint="give a file with several: --asr-api-key-file",
        )
    return read_key_file(options.api_key_file).keys
