"""
The command asr-loadtest.

    commands.py    which commands there are
    choices.py     several of some names, as an option takes them
    options.py     asr-loadtest options: what `locust -f loadtest` takes
    report.py      asr-loadtest report: a run's reports, made again
    compare.py     asr-loadtest compare: two runs beside each other
    selftest.py    asr-loadtest selftest: the tool proves its own figures
"""

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    from asr_loadtest.cli import commands

    commands.main(argv)
