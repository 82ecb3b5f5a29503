"""Many recordings through a real gateway stand-in: each its own item, none lost, none doubled."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from asr_client import (
    ASRClient,
    AsyncASRClient,
    AudioError,
    AuthError,
    ConfigError,
    LanguageError,
    NotSentError,
    OverloadedError,
    Recording,
    ServerBugError,
)
from asr_client.results import Item
from asr_client.retry import NO_RETRY
from asr_client.testing import Gateway
from spelled_speech import RATE_HZ, answer, speak, words_for

CLIPS = [speak(range(first, first + 2)) for first in range(0, 60, 2)]
TEXTS = [words_for(range(first, first + 2)) for first in range(0, 60, 2)]


def many(client: ASRClient, recordings: Any = CLIPS, **options: Any) -> list[Item]:
    """All items, as a list."""
    return list(client.transcribe_many(recordings, sample_rate_hz=RATE_HZ, **options))


async def async_many(url: str, recordings: Any, **options: Any) -> list[Item]:
    """The same on an event loop."""
    async with AsyncASRClient(url, language="hi") as client:
        items = client.transcribe_many(recordings, sample_rate_hz=RATE_HZ, **options)
        return [item async for item in items]


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("jobs", ["auto", 1, 7])
def test_every_recording_becomes_one_item(speller: ASRClient, ordered: bool, jobs: Any) -> None:
    """As they are ready or in order, one at a time or many: the same texts."""
    items = many(speller, ordered=ordered, jobs=jobs)
    if ordered:
        assert [item.index for item in items] == list(range(len(CLIPS)))
    assert {item.index: item.get().text for item in items} == dict(enumerate(TEXTS))
    assert all(item.source is CLIPS[item.index] for item in items)


def test_event_loop_gives_the_same(gateway: Gateway) -> None:
    """Threads and tasks do the same work."""
    url = f"{gateway.url}/api/v1/asr/infer"
    items = asyncio.run(async_many(url, CLIPS, ordered=True))
    assert [item.get().text for item in items] == TEXTS


def test_event_loop_takes_asynchronous_sources(gateway: Gateway) -> None:
    """What comes in over time is transcribed over time."""

    async def clips() -> AsyncIterator[Any]:
        for clip in CLIPS[:5]:
            await asyncio.sleep(0)
            yield clip

    url = f"{gateway.url}/api/v1/asr/infer"
    items = asyncio.run(async_many(url, clips(), ordered=True))
    assert [item.get().text for item in items] == TEXTS[:5]


def test_one_bad_recording_spoils_no_other(speller: ASRClient) -> None:
    """Its error is its own, whatever is wrong with it."""
    mixed = [CLIPS[0], "missing.wav", b"no audio at all", None, Recording(CLIPS[1], language="xx")]
    items = many(speller, [*mixed, CLIPS[2]], ordered=True)
    kinds = [type(item.error) for item in items]
    assert kinds == [type(None), AudioError, AudioError, AudioError, LanguageError, type(None)]
    with pytest.raises(AudioError, match=r"missing\.wav: no such file"):
        items[1].get()


def test_recordings_may_have_their_own_language(speller: ASRClient) -> None:
    """A language of one's own counts before that of all."""
    items = many(speller, [Recording(CLIPS[0], language="Tamil"), CLIPS[1]], ordered=True)
    assert [item.get().language for item in items] == ["ta", "hi"]


def test_sources_are_taken_as_there_is_room(speller: ASRClient) -> None:
    """An endless source is no harm: what is taken ahead is bounded."""
    taken = []

    def endless() -> Iterator[Any]:
        for number in itertools.count():
            taken.append(number)
            yield CLIPS[number % len(CLIPS)]

    items = speller.transcribe_many(endless(), sample_rate_hz=RATE_HZ, ordered=True)
    first = list(itertools.islice(items, 50))
    items.close()
    assert [item.get().text for item in first] == [TEXTS[n % len(TEXTS)] for n in range(50)]
    assert len(taken) < 50 + 4 * 600


def test_a_client_that_was_left_early_goes_on(speller: ASRClient) -> None:
    """Whoever breaks out of the loop stops it, and can call again."""
    for _item in speller.transcribe_many(CLIPS, sample_rate_hz=RATE_HZ):
        break
    assert speller.transcribe(CLIPS[3], sample_rate_hz=RATE_HZ).text == TEXTS[3]


def test_an_error_of_the_source_reaches_the_caller(speller: ASRClient) -> None:
    """It is the caller's own."""

    def broken() -> Iterator[Any]:
        yield CLIPS[0]
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        many(speller, broken())


def test_stopping_begins_nothing_new(speller: ASRClient) -> None:
    """What is under way ends; what was not begun does not come, though one after it may."""
    seen: list[Item] = []
    items = speller.transcribe_many(
        CLIPS, sample_rate_hz=RATE_HZ, jobs=2, ordered=True, stopping=lambda: len(seen) >= 3
    )
    seen.extend(items)  # grows as they come
    assert 3 <= len(seen) < len(CLIPS)
    indexes = [item.index for item in seen]
    assert indexes == sorted(indexes)
    assert [item.get().text for item in seen] == [TEXTS[index] for index in indexes]


def test_nothing_gives_nothing(speller: ASRClient) -> None:
    """No recordings, no items, no errors."""
    assert many(speller, []) == []


@pytest.mark.parametrize("jobs", [0, -1, True, "many", 10_000, 1.5])
def test_impossible_jobs_are_refused(speller: ASRClient, jobs: Any) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigError, match="jobs must be"):
        speller.transcribe_many(CLIPS, jobs=jobs)


def test_a_wrong_language_is_refused_at_once(speller: ASRClient) -> None:
    """It would fail every recording."""
    with pytest.raises(LanguageError):
        many(speller, language="Klingon")


def test_a_server_that_is_away_is_waited_for(gateway: Gateway) -> None:
    """What fails meanwhile goes again; nothing is lost and nothing comes twice."""
    with ASRClient(f"{gateway.url}/api/v1/asr/infer", language="hi", retry=NO_RETRY) as client:
        items = client.transcribe_many(CLIPS, sample_rate_hz=RATE_HZ, ordered=True)
        first = next(items)
        gateway.upstream_fails(times=3)
        gateway.answers(503, body=b'{"error":"Exceeds maximum queue size"}', times=3)
        texts = [item.get().text for item in (first, *items)]
    assert texts == TEXTS


def test_patience_ends(gateway: Gateway) -> None:
    """A server that stays away fails what waits, each with its error."""
    with ASRClient(f"{gateway.url}/api/v1/asr/infer", language="hi", retry=NO_RETRY) as client:
        gateway.answers(503, body=b'{"error":"Exceeds maximum queue size"}', times=10_000)
        items = many(client, CLIPS[:4], patience_s=0)
    assert [type(item.error) for item in items] == [OverloadedError] * 4


def test_a_server_that_stays_away_holds_nobody_up(gateway: Gateway) -> None:
    """When patience has ended, those that come later are tried and fail, too: nothing hangs."""
    with ASRClient(f"{gateway.url}/api/v1/asr/infer", language="hi", retry=NO_RETRY) as client:
        gateway.answers(503, body=b'{"error":"Exceeds maximum queue size"}', times=10_000)
        items = many(client, CLIPS, patience_s=0, jobs=1)
    assert [type(item.error) for item in items] == [OverloadedError] * len(CLIPS)


def test_what_may_have_run_is_sent_again_a_few_times_only(gateway: Gateway) -> None:
    """A connection that breaks each time after the model ran is given up."""
    with ASRClient(f"{gateway.url}/api/v1/asr/infer", language="hi", retry=NO_RETRY) as client:
        drill = gateway.resets(when="after", times=10_000)
        (item,) = many(client, CLIPS[:1], patience_s=1e6)
        drill.stop()
    assert not item.ok
    assert drill.struck <= 4


def test_a_refused_key_fails_each_with_its_own_error() -> None:
    """The caller decides what that means for the rest."""
    from asr_client import ApiKey

    with (
        Gateway(answer, api_keys=(ApiKey("right-key-of-tests"),)) as gateway,
        ASRClient(f"{gateway.url}/api/v1/asr/infer", language="hi", api_key="wrong") as client,
    ):
        items = many(client, CLIPS[:3])
    assert [type(item.error) for item in items] == [AuthError] * 3


def test_nobody_there_is_said_at_once() -> None:
    """A URL that leads nowhere."""
    with (
        ASRClient("http://127.0.0.1:1", language="hi", retry=NO_RETRY) as client,
        pytest.raises(NotSentError),
    ):
        many(client, CLIPS[:2])


def test_server_errors_are_the_items_own(gateway: Gateway, speller: ASRClient) -> None:
    """A model that fails one request fails one recording."""
    gateway.answers(500, body=b'{"error":"in ensemble, KeyError: 7"}', times=1)
    items = many(speller, CLIPS[:6], jobs=1, ordered=True)
    failed = [item for item in items if not item.ok]
    assert len(failed) <= 1
    assert all(isinstance(item.error, ServerBugError) for item in failed)


@pytest.mark.parametrize(
    "recordings", ["talk.wav", b"RIFF", CLIPS[0]], ids=["path", "file", "array"]
)
def test_one_recording_is_not_taken_for_many(speller: ASRClient, recordings: Any) -> None:
    """Its letters, bytes or samples would each be told to be no recording."""
    with pytest.raises(ConfigError, match="several recordings"):
        speller.transcribe_many(recordings, sample_rate_hz=RATE_HZ)


def test_a_language_that_is_no_text_is_the_recordings_own_error(speller: ASRClient) -> None:
    """As every wrong language is."""
    recordings = [Recording(CLIPS[0], language=7), CLIPS[1]]
    items = many(speller, recordings, ordered=True)
    assert [type(item.error) for item in items] == [LanguageError, type(None)]
