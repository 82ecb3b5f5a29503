"""What a package's modules import, read from their source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SourceTree", "imports_of"]


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield node.module


@dataclass(frozen=True)
class SourceTree:
    """
    A package's folder.

    Attributes:
        folder: Of the package itself.
    """

    folder: Path

    def modules(self) -> list[Path]:
        """Every module of it."""
        return sorted(self.folder.rglob("*.py"))

    def name_of(self, path: Path) -> str:
        """A module's path below the package, with slashes."""
        return path.relative_to(self.folder).as_posix()

    def room_of(self, path: Path) -> str:
        """The module's place in the tree: its folder, or its own name."""
        return self.name_of(path).removesuffix(".py").partition("/")[0]

    def dotted(self, path: Path) -> str:
        """Its name for an import."""
        name = f"{self.folder.name}/{self.name_of(path)}".removesuffix(".py")
        return name.removesuffix("/__init__").replace("/", ".")
