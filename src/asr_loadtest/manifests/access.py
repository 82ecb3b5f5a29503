"""Namespaces, rights and keys: who is in one place, who may what, and what stands in no file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import Document, Manifests

__all__ = ["CHECKS", "find_keys"]

_READING = {"get", "list", "watch"}
# A long value of something called a key. Names of files and of fields are shorter, but for those
# of labels.
_KEY = re.compile(
    r"\b\w*(?:(?<!topology)key|token|password|secret)[\"']?[ \t]*[:=]"
    r"[ \t]*[\"']?[A-Za-z0-9+/_.-]{16,}",
    re.IGNORECASE,
)


def _namespace(manifests: Manifests) -> Iterator[Defect]:
    for document, meant in _references(manifests):
        others = {each.namespace for each in meant}
        if others and document.namespace not in others:
            yield Defect(
                "namespace",
                document.where,
                f"it is in the namespace {document.namespace or '(none said)'} and means "
                f"{meant[0].kind} {meant[0].name} in {meant[0].namespace or '(none said)'}: "
                "it acts on nothing",
                "one namespace for all of them",
            )


def _references(manifests: Manifests) -> Iterator[tuple[Document, list[Document]]]:
    """Give each object with those that it means by a name or by labels."""
    for document in manifests.of_kind("HorizontalPodAutoscaler"):
        name = document.tree("spec", "scaleTargetRef").get("name")
        meant = (each.document for each in manifests.workloads())
        yield document, [each for each in meant if each.name == name]
    for document in manifests.of_kind("Service"):
        pods = manifests.selected(document.tree("spec", "selector"))
        yield document, [each.document for each in pods]
    for document in manifests.of_kind("PodDisruptionBudget"):
        pods = manifests.selected(document.tree("spec", "selector", "matchLabels"))
        yield document, [each.document for each in pods]
    for document in manifests.of_kind("RoleBinding"):
        yield document, _roles(manifests, document)


def _roles(manifests: Manifests, binding: Document) -> list[Document]:
    name = binding.tree("roleRef").get("name")
    return [each for each in manifests.of_kind("Role") if each.name == name]


def _rights(manifests: Manifests) -> Iterator[Defect]:
    for role in manifests.of_kind("Role", "ClusterRole"):
        for rule in role.body.get("rules") or []:
            verbs, resources = set(rule.get("verbs", [])), set(rule.get("resources", []))
            if verbs - _READING or {"*", "secrets"} & resources:
                yield Defect(
                    "rights",
                    role.where,
                    f"it may {', '.join(sorted(verbs))} {', '.join(sorted(resources))}: "
                    "more than a watcher needs",
                    "get, list and watch of named resources, and no secrets",
                )


def _binding(manifests: Manifests) -> Iterator[Defect]:
    accounts = {each.name for each in manifests.of_kind("ServiceAccount")}
    for binding in manifests.of_kind("RoleBinding"):
        subjects = [each.get("name") for each in binding.body.get("subjects") or []]
        unknown = [name for name in subjects if name not in accounts]
        if binding.tree("roleRef").get("kind") == "Role" and not _roles(manifests, binding):
            unknown.append(binding.tree("roleRef").get("name"))
        for name in unknown:
            yield Defect(
                "binding",
                binding.where,
                f"it means {name}, which does not exist",
                "name a Role and ServiceAccounts of these manifests",
            )


def _account(manifests: Manifests) -> Iterator[Defect]:
    accounts = {each.name for each in manifests.of_kind("ServiceAccount")}
    for workload in manifests.workloads():
        name = workload.pod.get("serviceAccountName")
        if name is not None and name not in accounts:
            yield Defect(
                "account",
                workload.document.where,
                f"its ServiceAccount {name} does not exist: no pod is made",
                "add the ServiceAccount",
            )


def _secret(manifests: Manifests) -> Iterator[Defect]:
    for document in manifests.of_kind("Secret"):
        if document.body.get("data") or document.body.get("stringData"):
            yield Defect(
                "key-in-file",
                document.where,
                "a Secret with its content stands in a file",
                "make it from the environment: deploy-ai-model.sh does",
            )


def find_keys(texts: Mapping[str, str]) -> Iterator[Defect]:
    """
    Look for keys in files of any kind; what is found is not quoted.

    Args:
        texts: The files' contents by their names.
    """
    for file, text in texts.items():
        for number, line in enumerate(text.splitlines(), start=1):
            if _KEY.search(line):
                yield Defect(
                    "key-in-file",
                    f"line {number} of {file}",
                    "something that looks like a key stands in a file",
                    "use a Secret that is made from the environment, and withdraw this key",
                )


CHECKS = (_namespace, _rights, _binding, _account, _secret)
