"""asr-loadtest options: what `locust -f loadtest` takes beside Locust's own options."""

from __future__ import annotations

import argparse

__all__ = ["options"]

_ABOUT = """\
Options of `locust -f loadtest`, beside Locust's own (`locust --help` shows those, and never these:
it prints before it reads a locustfile). In brackets: what holds if nothing is said.

Each has a variable, such as ASR_LOAD_RATE for --asr-rate. The API key has no option: it comes from
ASR_API_KEY, or from the file that --asr-api-key-file or ASR_API_KEY_FILE names."""


def options(_: argparse.Namespace) -> int:
    """Tell of all of them."""
    from asr_loadtest.engine.arguments import add_options

    parser = argparse.ArgumentParser(
        prog="locust -f loadtest",
        usage=argparse.SUPPRESS,
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    add_options(parser)
    print(parser.format_help(), end="")
    return 0
