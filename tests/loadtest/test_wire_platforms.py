"""What the generator says to platforms of Bhashini, which are not to be had here."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from asr_client import ASRClient
from asr_client.testing import Gateway, UpstreamReply, UpstreamRequest, open_route
from gevent_process import GeventProcess, gevents

__all__ = ["gevents"]

CLIP = "en-awb-door.flac"


@pytest.mark.parametrize("dialect", ["ulca", "ai4i"])
def test_words_are_those_that_the_client_hears_from_a_platform(
    gevents: GeventProcess,
    asr_gateway: Callable[..., Gateway],
    speech_folder: Path,
    tmp_path: Path,
    dialect: str,
) -> None:
    """Language and audio arrive alike; the platform is a function that tells what it got."""

    def tell(request: UpstreamRequest) -> UpstreamReply:
        fields = json.loads(request.body)
        size = len(base64.b64decode(fields["audio"][0]["audioContent"]))
        source = f"{fields['config']['language']['sourceLanguage']} {size}"
        return UpstreamReply(json.dumps({"output": [{"source": source}]}).encode())

    url = asr_gateway(tell, routes=(open_route(),)).url
    corpus = tmp_path / "corpus.csv"
    corpus.write_text(f"path,language\n{speech_folder / CLIP},hi\n")
    with ASRClient(url, protocol=dialect, language="hi") as client:
        heard = client.transcribe(speech_folder / CLIP).text
    target = gevents.target(url, protocol=dialect, corpus=str(corpus))
    assert (target.hear(""), heard[:3]) == (heard, "hi ")
    target.close()
