"""Who watches the calls of one client: those whom its settings name."""

from __future__ import annotations

from asr_client.calls.observing import Hook, Observe, observed_by
from asr_client.config import ClientConfig
from asr_client.errors import ConfigError

__all__ = ["observe_by"]


def observe_by(config: ClientConfig) -> Observe:
    """
    Have each call watched by OpenTelemetry, by the caller's hook, by both or by nobody.

    Raises:
        ConfigError: If telemetry is asked for and OpenTelemetry is not installed.
    """
    watchers: list[Observe] = []
    if config.telemetry:
        watchers.append(_telemetry_of(config))
    if config.on_attempt is not None:
        hook = Hook(config.on_attempt)
        watchers.append(lambda _name, _request_id: hook)
    return observed_by(watchers)


def _telemetry_of(config: ClientConfig) -> Observe:
    try:
        from asr_client.observability.telemetry import observe_calls_to
    except ImportError as error:
        raise ConfigError(
            f"telemetry needs OpenTelemetry, which cannot be imported: {error}",
            hint="pip install 'asr-client[otel]'",
        ) from error
    return observe_calls_to(config.endpoint)
