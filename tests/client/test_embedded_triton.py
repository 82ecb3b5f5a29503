"""What Triton's log tells."""

from __future__ import annotations

from asr_client.embedded.triton import port_was_taken, telling_lines


def test_log_shows_the_last_lines_that_say_something() -> None:
    """Lines that every machine without a GPU prints are left out."""
    log = "first\nW1 Failed to initialize NVML\n\nsecond\nthird\n"
    assert telling_lines(log, limit=2) == ["second", "third"]


def test_log_tells_when_a_port_was_taken() -> None:
    """Triton's own words for a lost race."""
    said = "failed to start GRPC service: Unavailable - Socket '127.0.0.1:9511' already in use"
    assert port_was_taken(said)
    assert not port_was_taken("error: creating server: Internal - failed to load all models")
