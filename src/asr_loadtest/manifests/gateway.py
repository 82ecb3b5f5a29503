"""Kong's declarative configuration in front of Triton."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import Document, Manifests
from asr_loadtest.manifests.triton import is_of_model

__all__ = ["CHECKS"]

# What a client needs of Triton: other paths load models, map memory, write traces.
_OPEN = re.compile(
    r"/([\w-]+/)*v2/(models|health)/|/inference\.GRPCInferenceService/"
    r"(ModelInfer|ModelStreamInfer|Server\w+|Model(Ready|Metadata|Config|Statistics)|RepositoryIndex)"
)
_KEY_HEADER = "X-API-Key"
_SMALLEST_BODY_MIB = 16
_KONG_TIMEOUT_MS = 60_000


def _gateways(manifests: Manifests) -> Iterator[Document]:
    return (each for each in manifests.documents if "_format_version" in each.body)


def _items(tree: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return [each for each in tree.get(key) or [] if isinstance(each, dict)]


def _routes(gateway: Document) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for service in _items(gateway.body, "services"):
        for route in _items(service, "routes"):
            yield service, route


def _plugin(gateway: Document, name: str) -> dict[str, Any] | None:
    """Find the settings of a plugin that is on everywhere."""
    for plugin in _items(gateway.body, "plugins"):
        if plugin.get("name") == name:
            return plugin.get("config") or {}
    return None


def _credentials(manifests: Manifests) -> Iterator[Defect]:
    for gateway in _gateways(manifests):
        if any("keyauth_credentials" in each for each in _items(gateway.body, "consumers")):
            yield Defect(
                "key-in-file",
                gateway.where,
                "a consumer's key stands in the file",
                "let the consumers be added on the way into a Secret",
            )


def _key_auth(manifests: Manifests) -> Iterator[Defect]:
    for gateway in _gateways(manifests):
        config = _plugin(gateway, "key-auth")
        if config is None:
            words, remedy = "everybody may come in", "turn key-auth on for all routes"
        elif _KEY_HEADER not in (config.get("key_names") or []):
            words = f"the documented header {_KEY_HEADER} is not read"
            remedy = f"key_names: [{_KEY_HEADER}]"
        elif config.get("key_in_query", True):
            words = "keys in the query are taken, and end in logs"
            remedy = "key_in_query: false"
        else:
            continue
        yield Defect("key-auth", gateway.where, words, remedy)


def _body_size(manifests: Manifests) -> Iterator[Defect]:
    for gateway in _gateways(manifests):
        config = _plugin(gateway, "request-size-limiting") or {}
        size = config.get("allowed_payload_size")
        if size is None or size < _SMALLEST_BODY_MIB:
            words = f"bodies up to {size} MiB" if size else "bodies of any size"
            yield Defect(
                "body-size",
                gateway.where,
                f"{words} are let through; a minute of speech takes 2.5 in base64",
                f"allowed_payload_size of {_SMALLEST_BODY_MIB} MiB or more, as Triton's own 64",
            )


def _read_timeout(manifests: Manifests) -> Iterator[Defect]:
    for gateway in _gateways(manifests):
        for service, route in _routes(gateway):
            takes_audio = "POST" in (route.get("methods") or []) or "grpc" in str(
                service.get("protocol")
            )
            if takes_audio and service.get("read_timeout", _KONG_TIMEOUT_MS) <= _KONG_TIMEOUT_MS:
                yield Defect(
                    "read-timeout",
                    gateway.where,
                    f"{service.get('name')} ends what takes longer than 60 s with a 504",
                    "read_timeout: 120000, or as long as your longest recording takes",
                )


def _open_prefix(manifests: Manifests) -> Iterator[Defect]:
    for gateway in _gateways(manifests):
        for _, route in _routes(gateway):
            for path in route.get("paths") or []:
                # Patterns, which begin with ~, say themselves where they end.
                if not path.startswith("~") and not _OPEN.fullmatch(path):
                    yield Defect(
                        "open-prefix",
                        gateway.where,
                        f"route {route.get('name')} opens all that begins with {path}",
                        "/v2/models/ and /v2/health/, below a prefix or not, with the last slash",
                    )


def _model_list(manifests: Manifests) -> Iterator[Defect]:
    for gateway in _gateways(manifests):
        if not any(_answers_list(route) for _, route in _routes(gateway)):
            yield Defect(
                "model-list",
                gateway.where,
                "GET /v2/models, which is documented, is a 404: Triton has no such path",
                "rewrite it to POST /v2/repository/index",
            )


def _answers_list(route: dict[str, Any]) -> bool:
    uris = [
        ((plugin.get("config") or {}).get("replace") or {}).get("uri")
        for plugin in _items(route, "plugins")
    ]
    paths = [path.removeprefix("~") for path in route.get("paths") or []]
    return "/v2/repository/index" in uris and any(re.match(path, "/v2/models") for path in paths)


def _model_health(manifests: Manifests) -> Iterator[Defect]:
    for gateway in _gateways(manifests):
        for upstream in _items(gateway.body, "upstreams"):
            checks = (upstream.get("healthchecks") or {}).get("active") or {}
            if not is_of_model(checks.get("http_path")):
                yield Defect(
                    "model-health",
                    gateway.where,
                    f"upstream {upstream.get('name')} is asked for "
                    f"{checks.get('http_path') or 'nothing'}, and not for the model",
                    "http_path: /v2/models/MODEL/ready",
                )


def _gateway_target(manifests: Manifests) -> Iterator[Defect]:
    there = {
        f"{service.name}:{port.get('port')}"
        for service in manifests.of_kind("Service")
        for port in service.spec.get("ports") or []
    }
    for gateway in _gateways(manifests):
        upstreams = _items(gateway.body, "upstreams")
        named = {each.get("name") for each in upstreams}
        asked = [each.get("target") for one in upstreams for each in _items(one, "targets")]
        asked += [
            f"{each.get('host')}:{each.get('port')}"
            for each in _items(gateway.body, "services")
            if each.get("host") not in named
        ]
        for target in sorted(set(map(str, asked)) - there):
            yield Defect(
                "gateway-target",
                gateway.where,
                f"{target} is no Service of these manifests",
                "name a Service and one of its ports",
            )


def _hidden_limits(manifests: Manifests) -> Iterator[Defect]:
    for gateway in _gateways(manifests):
        config = _plugin(gateway, "rate-limiting")
        if config is None:
            words, remedy = "one caller can take all there is", "turn rate-limiting on"
        elif config.get("hide_client_headers"):
            words = "clients cannot see the limit, nor when to come back"
            remedy = "hide_client_headers: false"
        else:
            continue
        yield Defect("rate-limit", gateway.where, words, remedy)


def _cors(manifests: Manifests) -> Iterator[Defect]:
    for gateway in _gateways(manifests):
        config = _plugin(gateway, "cors")
        if config is not None and _KEY_HEADER not in (config.get("headers") or []):
            yield Defect(
                "cors",
                gateway.where,
                f"pages may not send {_KEY_HEADER}, so that they cannot call at all",
                f"add {_KEY_HEADER} to the headers of cors",
            )


CHECKS = (
    _credentials,
    _key_auth,
    _body_size,
    _read_timeout,
    _open_prefix,
    _model_list,
    _model_health,
    _gateway_target,
    _hidden_limits,
    _cors,
)
