"""Where the suite is: `loadtest/` comes with the repository, not with the installed package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import asr_loadtest
from asr_client.errors import ConfigError

__all__ = ["find_suite"]

_FILE = "locustfile.py"


def find_suite(given: Path | None = None) -> Path:
    """
    Give the folder for `locust -f`.

    Args:
        given: Where the user says that it is; None: beside the package's sources, or here.

    Raises:
        ConfigError: If it is not there, or Locust is not installed.
    """
    if find_spec("locust") is None:
        raise ConfigError(
            "Locust is not installed", hint="pip install '.[loadtest,embedded]' in the repository"
        )
    beside_sources = Path(asr_loadtest.__file__).parents[2] / "loadtest"
    places = [given] if given else [beside_sources, Path("loadtest")]
    for place in places:
        if (place / _FILE).is_file():
            return place.resolve()
    looked = " nor ".join(str(place / _FILE) for place in places)
    raise ConfigError(
        f"the suite that is to be tested is missing: there is no {looked}",
        hint="it comes with the repository, not with the installed package: run this in the"
        " repository's folder, or name its folder loadtest with --suite",
    )
