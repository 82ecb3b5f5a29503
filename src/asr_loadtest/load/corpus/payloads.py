"""The request of each arrival, in microseconds: every clip is encoded once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from asr_client.contracts.recognizer import Recognized, Recognizer
from asr_client.contracts.wire import Exchange, Reply, Request
from asr_client.errors import ConfigError
from asr_loadtest.load.corpus.clips import Clip
from asr_loadtest.load.corpus.corpus import Corpus
from asr_loadtest.load.corpus.encoding import encode_clip
from asr_loadtest.load.corpus.languages import sent_language
from asr_loadtest.load.corpus.perturbation import LEAST_SAMPLES, Template, make_template

__all__ = ["Payload", "Payloads"]

_RPC = "RPC"


@dataclass(frozen=True, slots=True, eq=False)
class Payload:
    """
    One clip, encoded.

    Attributes:
        clip: What is said.
        language: The model's code that goes along; empty where none is sent.
        exchange: The request of number 0, and the reader of every reply.
        template: The body with the place that differs; None where all requests are equal.
    """

    clip: Clip
    language: str
    exchange: Exchange[Recognized]
    template: Template | None

    def request(self, number: int) -> Request:
        """
        Give the request of arrival *number*.

        Args:
            number: 0 and up; 2^24 of them have different bodies, all of one size.
        """
        plain = self.exchange.request
        if self.template is None:
            return plain
        body = self.template.fill(number)
        if plain.method == _RPC:  # a gRPC message is one piece
            body = (b"".join(body),)
        return Request(plain.method, plain.path, plain.headers, body)

    def parse(self, reply: Reply) -> Recognized:
        """Read a reply; raises ServerError for a refusal, ContractError for nonsense."""
        return self.exchange.parse(reply)


class Payloads:
    """
    The payloads of a corpus for one model.

    Args:
        corpus: All of it must fit the model; see `Corpus.fitting`.
        recognizer: The model, and the way in which it is asked.
        perturb: Whether every request differs from the others.
        timeout_s: Seconds after which the server may drop a request from its queue; None: never.
        languages: What the user says the model takes; wins over what the model says.
    """

    def __init__(
        self,
        corpus: Corpus,
        recognizer: Recognizer,
        *,
        perturb: bool,
        timeout_s: float | None = None,
        languages: Collection[str] = (),
    ) -> None:
        self._corpus = corpus
        self._recognizer = recognizer
        self._perturb = perturb
        self._timeout_s = timeout_s
        self._languages = languages
        self._encoded: dict[str, Payload] = {}

    def of(self, clip: Clip) -> Payload:
        """
        Give the payload of a clip of the corpus, which is encoded if it was not yet.

        Raises:
            ConfigError: If the model does not take the clip, or its request cannot be perturbed.
        """
        payload = self._encoded.get(clip.name)
        if payload is None:
            payload = self._encoded[clip.name] = self._encode(clip)
        return payload

    def encode_all(self, progress: Callable[[int, int], object] | None = None) -> None:
        """
        Encode every clip now, so that no request has to wait for it.

        Args:
            progress: Is told after each clip how many are done, and of how many.

        Raises:
            ConfigError: As `of`.
        """
        for done, clip in enumerate(self._corpus.clips, start=1):
            self.of(clip)
            if progress is not None:
                progress(done, len(self._corpus.clips))

    def _encode(self, clip: Clip) -> Payload:
        recognizer = self._recognizer
        try:
            language = sent_language(recognizer, clip.language, self._languages)
        except ConfigError as error:
            raise type(error)(f"{clip.name}: {error.message}", hint=error.hint) from error
        exchange = encode_clip(recognizer, clip, language, self._timeout_s)
        template = self._template(clip, exchange.request) if self._perturb else None
        return Payload(clip, language or "", exchange, template)

    def _template(self, clip: Clip, request: Request) -> Template:
        if clip.wave.samples.size < LEAST_SAMPLES:
            raise ConfigError(
                f"{clip.name}: {clip.wave.samples.size} samples are too few to make every request "
                "different",
                hint="leave the recording out, or turn the perturbation off",
            )
        template = make_template(request.body, clip.padded_wave())
        if template is None:
            recognizer = self._recognizer
            raise ConfigError(
                f"requests of contract {recognizer.contract!r} over {recognizer.protocol!r} cannot "
                "be made different from each other: the samples are not found in them",
                hint="turn the perturbation off; a response cache would then answer them",
            )
        return template
