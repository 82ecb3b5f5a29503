"""Which proxy is used: the caller's, or the environment's on demand; its password is not shown."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from asr_client.endpoint import parse_url
from asr_client.errors import ConfigError
from asr_client.settings.config import ClientConfig
from asr_client.settings.proxies import Proxy, choose_proxy

SERVER = parse_url("https://asr.example.org/prefix")


def test_proxy_of_the_environment_is_not_used_unasked() -> None:
    """None is direct, whatever the variables say."""
    assert (
        choose_proxy(None, SERVER, {"HTTPS_PROXY": "http://p:1", "ALL_PROXY": "http://p:2"}) is None
    )


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://p:3128", Proxy("p", 3128)),
        ("p:3128", Proxy("p", 3128)),
        ("http://p", Proxy("p", 80)),
        ("http://u%40x:s%3Acret@p:8080/", Proxy("p", 8080, "u@x:s:cret")),
        ("http://[::1]:3128", Proxy("::1", 3128)),
    ],
)
def test_proxy_is_read_from_its_url(url: str, proxy: Proxy) -> None:
    """Port 80 is the default, the scheme may be left out, user and password are decoded."""
    assert choose_proxy(url, SERVER, {}) == proxy


@pytest.mark.parametrize(
    "url", ["socks5://u:geheim@p:1", "https://u:geheim@p:1", "u:geheim@p:x", "http://"]
)
def test_proxy_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    """Only plain HTTP proxies are understood, and messages end up in logs."""
    with pytest.raises(ConfigError) as caught:
        choose_proxy(url, SERVER, {})
    assert "geheim" not in str(caught.value)


def test_proxy_shows_no_password() -> None:
    """Neither alone nor in the settings that hold it."""
    config = ClientConfig.resolve("https://h", environ={}, proxy="http://u:geheim@p:3128")
    assert str(config.proxy) == "http://p:3128"
    assert "geheim" not in f"{config} {config.proxy!r}"


@pytest.mark.parametrize(
    ("url", "environ", "host"),
    [
        ("https://h", {"HTTPS_PROXY": "s:1", "HTTP_PROXY": "p:1"}, "s"),
        ("grpcs://h", {"HTTPS_PROXY": "s:1"}, "s"),
        ("http://h", {"HTTPS_PROXY": "s:1", "HTTP_PROXY": "p:1"}, "p"),
        ("http://h", {"http_proxy": "small:1", "HTTP_PROXY": "p:1"}, "small"),
        ("http://h", {"HTTP_PROXY": "p:1", "REQUEST_METHOD": "GET"}, None),
        ("http://h", {"ALL_PROXY": "a:1"}, "a"),
        ("http://h", {}, None),
    ],
)
def test_environment_is_read_when_asked_for(
    url: str, environ: Mapping[str, str], host: str | None
) -> None:
    """A variable for TLS, one for plain, one for both; what CGI makes of a header is not one."""
    proxy = choose_proxy("environment", parse_url(url), environ)
    assert (proxy and proxy.host) == host


@pytest.mark.parametrize(
    ("no_proxy", "is_direct"),
    [
        ("*", True),
        ("asr.example.org", True),
        ("other.org, .example.org", True),
        ("EXAMPLE.org", True),
        ("*.example.org", True),
        ("asr.example.org:443", True),
        ("asr.example.org:80", False),
        ("ample.org", False),
        ("", False),
        (",", False),
    ],
)
def test_no_proxy_excepts_hosts_and_domains(no_proxy: str, *, is_direct: bool) -> None:
    """A domain covers what is below it, on a dot's border."""
    environ = {"HTTPS_PROXY": "http://p:1", "NO_PROXY": no_proxy}
    assert (choose_proxy("environment", SERVER, environ) is None) == is_direct


@pytest.mark.parametrize(("no_proxy", "is_direct"), [("10.0.0.0/8", True), ("10.2.0.0/16", False)])
def test_no_proxy_excepts_networks(no_proxy: str, *, is_direct: bool) -> None:
    """An address is held against networks."""
    environ = {"http_proxy": "http://p:1", "no_proxy": no_proxy}
    proxy = choose_proxy("environment", parse_url("http://10.1.2.3:8000"), environ)
    assert (proxy is None) == is_direct
