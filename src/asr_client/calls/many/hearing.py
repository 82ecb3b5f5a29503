"""One recording under way: read piece by piece, and what came of each piece."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from asr_client.calls.ask import ask_in_time
from asr_client.calls.effects import Flow, work
from asr_client.calls.observing import Subject
from asr_client.calls.session import Call
from asr_client.calls.terms import Options, Terms
from asr_client.chunking.piece import Piece
from asr_client.chunking.reader import PieceReader
from asr_client.contracts.recognizer import Recognized, Utterances
from asr_client.deadline import Deadline
from asr_client.errors import ASRError
from asr_client.faults import Attempt
from asr_client.results import Chunk, Seam

__all__ = ["Hearing", "Part"]

# What is left of a recording when its time is up is read all the same, so that the result can tell
# of it: each piece has so long.
_TO_READ_ON_S = 60.0


@dataclass(slots=True, eq=False)
class Part:
    """
    A stretch of the recording, and what came of it.

    Attributes:
        hearing: Of which recording.
        first_sample: Where it begins, counted at the model's rate.
        end_sample: The sample after its last.
        seam: How it ends.
        piece: Its samples; None when it is over, so that they can be forgotten.
        text: What came back.
        failure: Why nothing did.
        attempts: All tries of it, and of what it is a half of.
        lost: How often it was sent and may have been worked on, without an answer.
    """

    hearing: Hearing
    first_sample: int
    end_sample: int
    seam: Seam
    piece: Piece | None
    text: str = ""
    failure: ASRError | None = None
    attempts: tuple[Attempt, ...] = ()
    lost: int = 0

    @property
    def samples(self) -> int:
        """How many it has."""
        return self.end_sample - self.first_sample

    def ask(self, call: Call, padded_samples: int | None) -> Flow[Recognized]:
        """Ask the model for its text."""
        recognizer = self.hearing.terms.recognizer
        waves = () if self.piece is None else (self.piece.wave,)
        utterances = Utterances(
            waves, self.hearing.terms.language, call.request_id, padded_samples=padded_samples
        )
        return ask_in_time(
            call, lambda left_s: recognizer.recognize(replace(utterances, timeout_s=left_s))
        )

    def end(self, *, text: str = "", failure: ASRError | None = None) -> None:
        """Take in what came of it."""
        self.text, self.failure, self.piece = text, failure, None
        self.hearing.pending -= 1

    def chunk(self) -> Chunk:
        """Tell of it in the result."""
        return Chunk(self.first_sample, self.end_sample, self.seam, _sentence(self.failure))


def _sentence(failure: ASRError | None) -> str:
    return "" if failure is None else f"{failure} [{failure.code}]"


@dataclass(slots=True, eq=False)
class Hearing:
    """
    One recording under way.

    Attributes:
        index: Its place among those handed in.
        source: What was handed in.
        call: The call that its requests belong to; its log stays empty, since parts have their own.
        terms: What is settled of it.
        options: What the caller says of it.
        reader: Reads it.
        parts: What was read of it so far.
        is_read: All of it was.
        is_reading: A piece is being read now.
        pending: Parts that wait or are under way.
        failure: Why it cannot be read.
        given_up: Why no more of it is sent; what is read from then on is a gap.
        held_up: Why a part of it waits for the server, if one does.
        first_sent_s: When its first request was begun; None before.
        counts_from_s: Since when a caller's limit counts; None until its first request.
        prepare_s: Seconds spent on reading.
        ends_call: Whether its call ends with it; else whoever began the call ends it.
    """

    index: int
    source: object
    call: Call
    terms: Terms
    options: Options
    reader: PieceReader
    parts: list[Part] = field(default_factory=list)
    is_read: bool = False
    is_reading: bool = False
    pending: int = 0
    failure: ASRError | None = None
    given_up: ASRError | None = None
    held_up: ASRError | None = None
    first_sent_s: float | None = None
    counts_from_s: float | None = None
    prepare_s: float = 0.0
    ends_call: bool = True

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return (self.is_read or self.failure is not None) and not self.pending

    def read(self) -> Flow[Piece | None]:
        """Read the next piece."""
        session = self.call.session
        began_s = session.clock()
        # Its length is not known yet, so that without a limit it has the longest one.
        deadline = self._deadline(math.inf)
        if self.parts:
            deadline = replace(deadline, at_s=max(deadline.at_s, began_s + _TO_READ_ON_S))
        piece = yield from work(self.reader.next, deadline, "preparing the audio")
        self.prepare_s += session.clock() - began_s
        return piece

    def take(self, piece: Piece | None) -> Part | None:
        """Take in a piece that was read, None being the end; give what is to be sent of it."""
        self.is_reading = False
        if piece is None or piece.seam == "end":
            self.is_read = True
        if piece is None:
            return None
        part = self._part(piece)
        if self.given_up is None:
            return part
        part.end(failure=self.given_up)
        return None

    def _part(self, piece: Piece) -> Part:
        part = Part(self, piece.first_sample, piece.end_sample, piece.seam, piece)
        self.parts.append(part)
        self.pending += 1
        return part

    def exchange(self, part: Part, pieces: Sequence[Piece]) -> list[Part]:
        """Put smaller pieces in the place of one that is too large; the first has its tries."""
        self.parts.remove(part)
        self.pending -= 1
        smaller = [self._part(piece) for piece in pieces]
        smaller[0].attempts = part.attempts
        return smaller

    def call_for(self, now_s: float, audio_s: float) -> Call:
        """
        Begin the request of a part.

        A caller's limit counts from the first request, however long the recording waited for it;
        without one each request has the time that all the audio under way needs, *audio_s*, its own
        included: a server that is slow may have the others' to do before.
        """
        if self.first_sent_s is None:
            self.first_sent_s = now_s
        if self.counts_from_s is None:
            self.counts_from_s = now_s
        deadline = self._deadline(audio_s)
        return replace(self.call, deadline=deadline, log=[], observer=self.call.observer.part())

    def left_s(self, now_s: float) -> float:
        """Tell how long a caller's limit lets requests of it be begun; infinity without one."""
        limit_s, from_s = self._limit_s, self.counts_from_s
        return math.inf if limit_s is None or from_s is None else from_s + limit_s - now_s

    def lateness(self) -> ASRError:
        """Say why it has no more time: what it waited for says more than that time is up."""
        late = self._deadline(math.inf).error("waiting for its turn", executed="no")
        return self.held_up or late

    @property
    def _limit_s(self) -> float | None:
        return self.options.deadline_s or self.call.session.config.deadline_s

    def _deadline(self, audio_s: float) -> Deadline:
        limit_s = self._limit_s
        from_s = None if limit_s is None else self.counts_from_s
        return self.call.session.deadline(limit_s, started_s=from_s, audio_s=audio_s)

    def end(self, error: BaseException | None) -> None:
        """Let go of the source, and tell whoever watches."""
        self.reader.close()
        observer, recognizer = self.call.observer, self.terms.recognizer
        audio_s = sum(part.samples for part in self.parts) / recognizer.sample_rate_hz
        observer.settled(Subject(recognizer.model, self.terms.language, audio_s))
        if self.ends_call:
            observer.ended(error)
