"""
Which cluster, and as whom: a kubeconfig, or the service account of the pod that we run in.

In this order: the kubeconfig that was named; the environment's KUBECONFIG; the service account;
~/.kube/config. Who names a context wants a kubeconfig.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.api.credentials import Credentials, Login, require_lightkube

if TYPE_CHECKING:
    from lightkube.config.kubeconfig import KubeConfig, SingleConfig

__all__ = ["ClusterAccess", "find_access"]

_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_USUAL = "~/.kube/config"


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """
    A way to a cluster.

    Attributes:
        server: URL of its API.
        namespace: Where the model is.
        origin: Where we have this from, for messages.
        credentials: Who we are.
        notes: What a user should know of the choice.
        is_inside: Whether we are one of its pods, and reach the others by their addresses.
    """

    server: str
    namespace: str
    origin: str
    credentials: Credentials = field(repr=False)
    notes: tuple[str, ...] = ()
    is_inside: bool = False


def find_access(
    *, kubeconfig: str = "", context: str = "", namespace: str = "", account: str = _ACCOUNT
) -> ClusterAccess:
    """
    Find the way to the cluster; nothing is asked and no plugin run yet.

    Args:
        kubeconfig: A file; empty to look for one.
        context: One of its contexts; empty for its current one.
        namespace: Of the model; empty for the context's.
        account: Where a pod has its service account.

    Raises:
        ConfigError: If there is none, or it cannot be read.
    """
    require_lightkube()
    path, notes = _chosen_file(kubeconfig)
    is_inside = path is None and not context and _is_in_cluster(account)
    if is_inside:
        origin = "the pod's service account"
        login = _account_login(account)
        credentials = Credentials(lambda: _account_login(account), origin)
    else:
        file = path or _USUAL
        origin = f"kubeconfig {file}" + (f", context {context}" if context else "")
        login = _file_login(file, context)
        credentials = Credentials(lambda: _file_login(file, context), origin)
    cluster = login.config.cluster
    if cluster.insecure and not (cluster.certificate_auth or cluster.certificate_auth_data):
        notes += ("the kubeconfig says that the server's certificate is not to be verified",)
    return ClusterAccess(
        cluster.server, namespace or login.config.namespace, origin, credentials, notes, is_inside
    )


def _chosen_file(kubeconfig: str) -> tuple[str | None, tuple[str, ...]]:
    """Give the named kubeconfig, if any; of several in the environment, the first that is there."""
    if kubeconfig:
        return kubeconfig, ()
    named = [each for each in os.environ.get("KUBECONFIG", "").split(os.pathsep) if each]
    if not named:
        return None, ()
    chosen = next((each for each in named if Path(each).expanduser().is_file()), named[0])
    if len(named) == 1:
        return chosen, ()
    return chosen, (f"KUBECONFIG names {len(named)} files; only {chosen} is read",)


def _is_in_cluster(account: str) -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ and Path(account, "token").is_file()


def _account_login(account: str) -> Login:
    from lightkube.config.kubeconfig import KubeConfig
    from lightkube.core.exceptions import ConfigError as LightkubeError

    try:
        config = KubeConfig.from_service_account(account).get()
    except (OSError, KeyError, LightkubeError) as error:
        raise ConfigError(f"the pod's service account is incomplete: {error}") from error
    return Login(cast("SingleConfig", config))


def _file_login(file: str, context: str) -> Login:
    from lightkube.core.exceptions import ConfigError as LightkubeError

    path = Path(file).expanduser()
    document = _read(path)
    contexts, config = _parse(path, document)
    try:
        chosen = config.get(context or None)
    except LightkubeError as error:
        known = ", ".join(sorted(contexts)) or "none"
        raise ConfigError(
            f"kubeconfig {path}: {error}", hint=f"name one of its contexts: {known}"
        ) from error
    except KeyError as error:
        raise ConfigError(
            f"kubeconfig {path}: the context names {error}, which is not in it"
        ) from error
    # None is for who passes a default.
    chosen = cast("SingleConfig", chosen)
    return Login(chosen, _proxy(document, chosen.context.cluster))


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(
            f"kubeconfig {path}: {error.strerror}",
            hint="name one: --asr-kubeconfig, or the environment's KUBECONFIG",
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # The library's words would quote the file, tokens and all.
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"kubeconfig {path}{where}: this is no YAML") from None
    if not isinstance(document, dict):
        raise ConfigError(f"kubeconfig {path}: this is no kubeconfig")
    return document


def _parse(path: Path, document: Mapping[str, Any]) -> tuple[tuple[str, ...], KubeConfig]:
    import msgspec
    from lightkube.config.kubeconfig import KubeConfig

    try:
        config = KubeConfig.from_dict(dict(document), fname=path)
    except msgspec.ValidationError as error:  # names a field, never its value
        raise ConfigError(f"kubeconfig {path}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        lacks = f"{error} is missing" if isinstance(error, KeyError) else "this is no kubeconfig"
        raise ConfigError(f"kubeconfig {path}: {lacks}") from None
    return tuple(config.contexts), config


def _proxy(document: Mapping[str, Any], cluster: str) -> str | None:
    """Give a cluster's proxy-url, which lightkube does not know."""
    named = (each["cluster"] for each in document["clusters"] if each["name"] == cluster)
    return next((each.get("proxy-url") for each in named), None)
