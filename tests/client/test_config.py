"""Settings, URLs and keys: checked before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from asr_client import ApiKey, ConfigError
from asr_client.auth import GivenKeys, KeyRing
from asr_client.endpoint import parse_url
from asr_client.settings.config import ClientConfig


@pytest.mark.parametrize(
    ("url", "shown", "protocol", "model"),
    [
        ("http://host:8000", "http://host:8000", "auto", ""),
        ("host:8000", "http://host:8000", "auto", ""),
        ("HTTPS://Host/prefix/", "https://host:443/prefix", "auto", ""),
        ("grpc://host", "grpc://host:8001", "grpc", ""),
        ("grpcs://host", "grpcs://host:443", "grpc", ""),
        ("localhost:8001", "grpc://localhost:8001", "grpc", ""),
        ("node:30081", "grpc://node:30081", "grpc", ""),
        ("http://node:8001", "http://node:8001", "auto", ""),
        ("http://[::1]:8000", "http://[::1]:8000", "auto", ""),
        ("https://gw/api/v1/asr/infer", "https://gw:443", "asr-infer", ""),
        ("https://gw/x/api/v1/asr/infer/", "https://gw:443/x", "asr-infer", ""),
        ("https://gw/api/v1/asr/inference", "https://gw:443", "ai4i", ""),
        ("https://gw/services/inference/asr", "https://gw:443", "ulca", ""),
        ("http://h:1/v2/models/asr/generate", "http://h:1", "generate", "asr"),
        ("http://h:1/p/v2/models/asr%20x/infer", "http://h:1/p", "http", "asr x"),
        ("http://h:1/v2/models/m/versions/1/infer", "http://h:1", "http", "m"),
        ("http://h:1/v2/models/m", "http://h:1", "auto", "m"),
        ("http://h:1/v2/models/m/ready", "http://h:1", "auto", "m"),
        ("http://h:1/p/v2", "http://h:1/p", "auto", ""),
        ("http://h:1/v2/health/ready", "http://h:1", "auto", ""),
        (
            "http://h:1/हिन्दी",
            "http://h:1/%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80",
            "auto",
            "",
        ),
    ],
)
def test_url_tells_place_and_protocol(url: str, shown: str, protocol: str, model: str) -> None:
    """What users paste is understood: bare hosts, prefixes, full URLs of one call."""
    endpoint = parse_url(url)
    assert (str(endpoint), endpoint.protocol, endpoint.model) == (shown, protocol, model)
    assert bool(endpoint.why) == (protocol != "auto")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://host",
        "http://",
        "http://host:99999",
        "http://host:0",
        "http://host:x",
        "http://a b",
        "http://a..b",
        "http://[::1",
        "grpc://host/path",
        "http://user:SECRET@host",
        "http://user:SECRET@[::1",
        "http://user:SECRET@a..b",
        "http://user:SECRET@host:99999",
        "http://host/?apikey=SECRET",
        "http://host/#SECRET",
    ],
)
def test_url_is_refused_when_it_cannot_work(url: str) -> None:
    """A bad URL is a ConfigError at once, and a secret in it is not repeated."""
    with pytest.raises(ConfigError) as caught:
        ClientConfig.resolve(url, environ={})
    assert "SECRET" not in str(caught.value)


ENVIRONMENT = {
    "ASR_URL": "http://env:8000",
    "ASR_PROTOCOL": "http",
    "ASR_MODEL": "env_model",
    "ASR_LANGUAGE": "ta",
    "ASR_API_KEY": "env-key",
    "ASR_API_KEY_HEADER": "apikey",
}


def test_settings_come_from_the_environment_when_not_given() -> None:
    """Every variable of the documentation is read."""
    config = ClientConfig.resolve(None, environ=ENVIRONMENT)
    assert str(config.endpoint) == "http://env:8000"
    assert (config.protocol, config.model, config.language) == ("http", "env_model", "ta")
    assert KeyRing(config.key_source).current() == ApiKey("env-key")
    assert config.api_key_header == "apikey"


def test_arguments_win_over_the_environment() -> None:
    """What the caller says in code rules."""
    config = ClientConfig.resolve(
        "http://arg:1",
        environ=ENVIRONMENT,
        protocol="generate",
        model="arg_model",
        language="hi",
        api_key="arg-key",
        api_key_header="X-Key",
    )
    assert (config.endpoint.host, config.protocol, config.model) == ("arg", "generate", "arg_model")
    assert (config.language, config.api_key_header) == ("hi", "X-Key")
    assert config.key_source == GivenKeys((ApiKey("arg-key"),))


def test_protocol_in_the_url_stands_when_the_setting_is_auto() -> None:
    """A full URL decides the protocol, unless the caller names another."""
    url = "https://gw/api/v1/asr/infer"
    assert ClientConfig.resolve(url, environ={}, protocol="auto").protocol == "asr-infer"
    assert ClientConfig.resolve(url, environ={}, protocol="http").protocol == "http"


@pytest.mark.parametrize(
    "settings",
    [
        {"protocol": "htpt"},
        {"protocol": "grpc"},
        {"deadline_s": 0},
        {"deadline_s": float("nan")},
        {"connect_timeout_s": -1},
        {"api_key": ""},
        {"api_key": "kéy"},
        {"api_key": "a\nb"},
        {"api_key": ()},
        {"api_key": ("good", 5)},
        {"api_key": b"key"},
        {"api_key": "key", "api_key_file": "key.txt"},
        {"api_key_file": "key.txt", "api_key_command": "print-key"},
        {"api_key_command": ""},
        {"api_key_command": "print-key 'unclosed"},
        {"api_key_header": "X Key"},
        {"api_key_header": "X-Key\r\nEvil: 1"},
        {"api_key_header": "Content-Length"},
        {"api_key_header": "x-key-bin"},
        {"model": "a\nb"},
        {"model": "\udcff"},
    ],
)
def test_setting_is_refused_when_it_cannot_work(settings: dict[str, Any]) -> None:
    """A wrong value is a ConfigError when the client is made, not when it is used."""
    with pytest.raises(ConfigError):
        ClientConfig.resolve("http://host:8000", environ={}, **settings)


def test_tls_file_is_refused_when_it_holds_no_certificate(tmp_path: Path) -> None:
    """A wrong PEM file is a ConfigError that names it."""
    from asr_client import ASRClient

    (tmp_path / "ca.pem").write_text("nonsense")
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        ASRClient("https://host", tls_ca_file=str(tmp_path / "ca.pem"))


def test_model_in_the_url_must_be_the_one_that_is_asked_for() -> None:
    """Two names for one thing are a mistake, not a choice for us to make."""
    url = "http://h/v2/models/asr/generate"
    assert ClientConfig.resolve(url, environ={"ASR_MODEL": "other"}).model == "asr"
    with pytest.raises(ConfigError, match="the URL names model 'asr', the settings 'other'"):
        ClientConfig.resolve(url, environ={}, model="other")
