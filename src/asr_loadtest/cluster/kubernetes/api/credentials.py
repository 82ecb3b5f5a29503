"""
Who we are to the cluster: what a kubeconfig or a pod's service account says, as an HTTP client.

lightkube reads kubeconfigs and makes the client: TLS, certificates, tokens, token files, the proxy
of the environment. No token or key is in a message, a repr or a log; where a library's own words
could hold one, they are not repeated.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.api.exec_plugin import PluginCall, run_plugin

if TYPE_CHECKING:
    import httpx2
    from lightkube.config.kubeconfig import SingleConfig
    from lightkube.config.models import Cluster, User, UserExec

__all__ = ["Credentials", "Login", "require_lightkube"]

_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Login:
    """
    One context of a kubeconfig, or a service account.

    Attributes:
        config: As lightkube has it.
        proxy: The kubeconfig's proxy-url; None for the environment's.

    Raises:
        ConfigError: If the server's URL cannot be used.
    """

    config: SingleConfig = field(repr=False)
    proxy: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _check_server(self.config.cluster.server)


def require_lightkube() -> None:
    """
    See that the extra is installed.

    Raises:
        ConfigError: If it is not.
    """
    try:
        import lightkube.config.client_adapter  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"watching a cluster needs more than is installed: {error}",
            hint="pip install 'asr-client[k8s]'",
        ) from error


class Credentials:
    """
    Opens clients, from any thread, and reads all anew when the cluster no longer knows us.

    Args:
        read: Reads the login; raises ConfigError.
        origin: Where from, for messages.
    """

    def __init__(self, read: Callable[[], Login], origin: str) -> None:
        self._read = read
        self._origin = origin
        self._lock = Lock()
        self._login: Login | ConfigError | None = None
        self._generation = 0

    def __repr__(self) -> str:
        return f"Credentials({self._origin!r})"

    @property
    def generation(self) -> int:
        """How often they were renewed."""
        return self._generation

    def open(self) -> httpx2.Client:
        """
        Make a client, to be closed by the caller.

        Raises:
            ConfigError: If that cannot be done: a file is missing, a plugin fails.
        """
        with self._lock:
            if self._login is None:
                self._login = self._read_login()
            login = self._login
        if isinstance(login, ConfigError):
            raise ConfigError(login.message, hint=login.hint)
        return _client(login, self._origin)

    def renew(self, generation: int) -> None:
        """
        Forget what clients of this generation are made of, if nobody has done so before.

        Many that are refused together thus run a plugin once.
        """
        with self._lock:
            if generation == self._generation:
                self._generation += 1
                self._login = None

    def _read_login(self) -> Login | ConfigError:
        """A failure is kept as well: seven threads need not run a broken plugin each."""
        try:
            return _proven(self._read())
        except ConfigError as error:
            return error


def _proven(login: Login) -> Login:
    """Do what the kubeconfig says to get a token; a context without a user has none."""
    from lightkube.config.models import User

    config = login.config
    user = config.user or User()
    if user.exec:
        proof = run_plugin(_plugin_call(user.exec, config))
        user = User(
            token=proof.token, client_cert_data=proof.certificate, client_key_data=proof.key
        )
    elif user.token_file:
        user.token_file = str(config.abs_file(user.token_file))
    _check_token(user)
    return Login(config._replace(user=user), login.proxy)


def _plugin_call(plugin: UserExec, config: SingleConfig) -> PluginCall:
    return PluginCall(
        plugin.apiVersion,
        plugin.command,
        plugin.args or (),
        {each.name: each.value for each in plugin.env or ()},
        _known_of(config.cluster),
        config.fname.parent if config.fname else Path(),
    )


def _known_of(cluster: Cluster) -> Mapping[str, Any]:
    known = {
        "server": cluster.server,
        "certificate-authority-data": cluster.certificate_auth_data,
        "insecure-skip-tls-verify": cluster.insecure or None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _check_token(user: User) -> None:
    """Refuse here what the HTTP library would refuse with the token in its words."""
    token = user.token and user.token.strip()
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise ConfigError("the token for the cluster holds characters that no token has")
    user.token = token


def _client(login: Login, origin: str) -> httpx2.Client:
    import httpx2
    from lightkube.config.client_adapter import Client, ConnectionParams
    from lightkube.core.exceptions import ConfigError as LightkubeError

    # At INFO it would write a line for each request, into Locust's console.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    _check_certificates(login.config, origin)
    patience = httpx2.Timeout(_CONNECT_S)
    try:
        return Client(login.config, ConnectionParams(timeout=patience, proxy=login.proxy))
    except LightkubeError as error:
        failure = str(error)
    except OSError as error:  # ssl.SSLError is one
        failure = f"a certificate or key cannot be used: {error.strerror or error}"
    except ImportError:
        failure = "its proxy needs more than is installed"
    except ValueError:  # its words may quote the proxy's password
        failure = "its proxy-url makes no sense"
    # Not from what was caught: its frames hold keys.
    raise ConfigError(f"{origin}: {failure}")


def _check_certificates(config: SingleConfig, origin: str) -> None:
    """Name the file that is missing: the TLS library says only that one is; and the like."""
    cluster, user = config.cluster, config.user
    files, datas = [cluster.certificate_auth], [cluster.certificate_auth_data]
    if user:
        files += [user.client_cert, user.client_key]
        datas += [user.client_cert_data, user.client_key_data]
        if (user.client_cert or user.client_cert_data) and not (
            user.client_key or user.client_key_data
        ):
            raise ConfigError(f"{origin}: the client's certificate lacks its key")
    for file in files:
        if file and not Path(config.abs_file(file)).is_file():
            raise ConfigError(f"{origin}: there is no file {file}")
    for data in datas:
        try:
            base64.b64decode(data or "")
        except ValueError:
            raise ConfigError(f"{origin}: a certificate or key is no base64") from None


def _check_server(server: str) -> None:
    try:
        parts = urlsplit(server)
        is_fit = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in server
    except ValueError:
        is_fit = False
    if not is_fit:
        raise ConfigError(
            "the cluster's server is no URL that can be used",
            hint="wanted: https://HOST:PORT, without a password in it",
        )
