"""YAML texts -> Kubernetes objects, and the few ways in which they refer to each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from asr_client.errors import ConfigError

__all__ = ["Container", "Document", "Manifests", "Workload", "parse_manifests", "selects"]

Tree = Mapping[str, Any]
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")


@dataclass(frozen=True, slots=True)
class Document:
    """
    One object of a file.

    Attributes:
        file: The file's name, for messages.
        body: The object as YAML gives it.
    """

    file: str
    body: Tree

    @property
    def kind(self) -> str:
        """The object's kind; empty for what is no Kubernetes object."""
        return str(self.body.get("kind", ""))

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.tree("metadata").get("name", ""))

    @property
    def namespace(self) -> str | None:
        """The namespace that the file says, if it says one."""
        return self.tree("metadata").get("namespace")

    @property
    def spec(self) -> Tree:
        """What is wanted of it."""
        return self.tree("spec")

    @property
    def where(self) -> str:
        """Kind, name and file, for people."""
        return f"{self.kind or 'configuration'} {self.name}".strip() + f" in {self.file}"

    def tree(self, *path: str) -> Tree:
        """Look up a mapping below the object; empty if it is not there."""
        return _below(self.body, path)


@dataclass(frozen=True, slots=True)
class Container:
    """
    One container of a workload.

    Attributes:
        body: The container as YAML gives it.
        workload: Whose it is.
    """

    body: Tree
    workload: Workload

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.body.get("name", ""))

    @property
    def words(self) -> list[str]:
        """Command and arguments, as one list."""
        return [str(word) for word in [*_list(self.body, "command"), *_list(self.body, "args")]]

    @property
    def is_triton(self) -> bool:
        """Whether it serves models."""
        return "tritonserver" in self.words or "triton" in str(self.body.get("image", ""))

    def tree(self, *path: str) -> Tree:
        """Look up a mapping below the container; empty if it is not there."""
        return _below(self.body, path)

    def ports(self) -> set[int | str]:
        """All ports that it opens, by number and by name."""
        ports = _list(self.body, "ports")
        return {port[key] for port in ports for key in ("containerPort", "name") if key in port}

    def volume_at(self, path: str) -> Tree | None:
        """Find the volume that is mounted at a path, if one is."""
        for mount in _list(self.body, "volumeMounts"):
            if str(mount.get("mountPath", "")).rstrip("/") == path.rstrip("/"):
                return self.workload.volumes().get(mount.get("name"), {})
        return None


@dataclass(frozen=True, slots=True)
class Workload:
    """
    Something that makes pods.

    Attributes:
        document: The object.
    """

    document: Document

    @property
    def labels(self) -> Tree:
        """The labels of its pods."""
        return self.document.tree("spec", "template", "metadata", "labels")

    @property
    def pod(self) -> Tree:
        """The spec of its pods."""
        return self.document.tree("spec", "template", "spec")

    def containers(self) -> list[Container]:
        """The containers of its pods, without those that only initialise."""
        return [Container(body, self) for body in _list(self.pod, "containers")]

    def volumes(self) -> dict[str, Tree]:
        """The volumes of its pods, by name."""
        return {volume.get("name", ""): volume for volume in _list(self.pod, "volumes")}


@dataclass(frozen=True, slots=True)
class Manifests:
    """
    All objects that belong together.

    Attributes:
        documents: The objects, in the order of their files.
    """

    documents: tuple[Document, ...]

    def of_kind(self, *kinds: str) -> Iterator[Document]:
        """Give the objects of some kinds."""
        return (each for each in self.documents if each.kind in kinds)

    def workloads(self) -> list[Workload]:
        """Give all that makes pods."""
        return [Workload(each) for each in self.of_kind(*_WORKLOADS)]

    def containers(self) -> Iterator[Container]:
        """Give the containers of all pods."""
        return (each for workload in self.workloads() for each in workload.containers())

    def selected(self, selector: Tree) -> list[Workload]:
        """Find the workloads whose pods a selector means, in whatever namespace."""
        return [each for each in self.workloads() if selects(selector, each.labels)]


def selects(selector: Tree, labels: Tree) -> bool:
    """Tell whether labels are meant by a selector, given as labels that all must agree."""
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def parse_manifests(texts: Mapping[str, str]) -> Manifests:
    """
    Read files that belong together.

    Args:
        texts: Their contents by their names; each may hold several documents.

    Returns:
        Their objects. Empty documents are left out.

    Raises:
        ConfigError: If one is no YAML, or holds something that is no mapping.
    """
    documents = [each for file, text in texts.items() for each in _documents(file, text)]
    return Manifests(tuple(documents))


def _documents(file: str, text: str) -> Iterator[Document]:
    try:
        bodies = [body for body in yaml.safe_load_all(text) if body is not None]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Days that no month has, numbers too long and nesting too deep are none of YAML's errors.
        line = " ".join(str(error).split())
        raise ConfigError(f"{file} is no YAML: {line}", hint="mend the file") from error
    for body in bodies:
        if not isinstance(body, Mapping):
            raise ConfigError(f"{file} holds a document that is no mapping", hint="mend the file")
        yield Document(file, body)


def _below(tree: Any, path: Sequence[str]) -> Tree:
    for key in path:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, Mapping) else {}


def _list(tree: Tree, key: str) -> list[Any]:
    found = tree.get(key)
    return found if isinstance(found, list) else []
