"""Keys are read where they are kept: looked at cheaply, never lost in the middle of a change."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from asr_client import ApiKey, ConfigError
from asr_client.auth import KeyFile, KeyFunction, KeyVariable
from asr_client.auth.readers import FileReader, open_reader

DATES_NS = count(10**18)  # long ago


class Clock:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file with one key, written long ago, that nobody else may read."""
    path = tmp_path / "key"
    write(path, "KEY-1")
    return path


def write(path: Path, text: str) -> None:
    """Write a key file in place, as if long ago: its date is settled."""
    path.touch(mode=0o600)
    path.write_text(text)
    date_ns = next(DATES_NS)
    os.utime(path, ns=(date_ns, date_ns))


def write_unseen(path: Path, text: str) -> None:
    """Write a text of the same length so that nothing but the text tells."""
    status = path.stat()
    path.write_text(text)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def values(keys: tuple[ApiKey, ...]) -> list[str]:
    """The keys themselves, for comparison."""
    return [key.reveal() for key in keys]


def test_file_is_read_again_when_it_has_been_replaced(key_file: Path, tmp_path: Path) -> None:
    """A rename over it, as careful writers do, shows at once; what it replaced comes last."""
    reader = open_reader(KeyFile(str(key_file)))
    assert values(reader.read()) == ["KEY-1"]
    write(tmp_path / "next", "KEY-2")
    (tmp_path / "next").replace(key_file)
    assert values(reader.read()) == ["KEY-2", "KEY-1"]


def test_file_behind_a_link_is_followed(key_file: Path, tmp_path: Path) -> None:
    """Kubernetes exchanges a link to a folder, not the file."""
    (tmp_path / "v2").mkdir()
    write(tmp_path / "v2" / "key", "KEY-2")
    (tmp_path / "data").symlink_to(key_file.parent)
    reader = open_reader(KeyFile(str(tmp_path / "data" / "key")))
    (tmp_path / "data.new").symlink_to(tmp_path / "v2")
    (tmp_path / "data.new").replace(tmp_path / "data")
    assert values(reader.read())[0] == "KEY-2"


def test_file_without_a_change_is_not_read(key_file: Path) -> None:
    """Only its status is asked for; a change that its status hides is found after a refusal."""
    clock = Clock()
    reader = FileReader(KeyFile(str(key_file)), clock)
    write_unseen(key_file, "KEY-2")
    known = reader.read()
    assert values(known) == ["KEY-1"]
    assert values(reader.renew(known))[0] == "KEY-2"


def test_file_is_not_read_for_each_of_many_refusals(key_file: Path) -> None:
    """A thousand refused calls make one look a second, not a thousand."""
    clock = Clock()
    reader = FileReader(KeyFile(str(key_file)), clock)
    known = reader.renew(reader.read())
    write_unseen(key_file, "KEY-2")
    assert all(reader.renew(known) == known for _ in range(1000))
    clock.now_s += 1
    assert values(reader.renew(known))[0] == "KEY-2"


def test_fresh_file_is_not_trusted_to_show_its_next_change(key_file: Path) -> None:
    """Two changes within a tick of the clock have one date: until it is past, we look each time."""
    key_file.write_text("KEY-2")
    reader = open_reader(KeyFile(str(key_file)))
    write_unseen(key_file, "KEY-3")
    assert values(reader.read()) == ["KEY-2", "KEY-3"]


@pytest.mark.parametrize("text", [None, "", "# nothing yet\n", "\0\0\0\0"])
def test_last_good_keys_stay_when_the_file_is_caught_half_replaced(
    key_file: Path, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    """Missing, empty or spoilt: said once, and mended with the next look."""
    reader = open_reader(KeyFile(str(key_file)))
    if text is None:
        key_file.unlink()
    else:
        write(key_file, text)
    assert all(values(reader.read()) == ["KEY-1"] for _ in range(10))
    assert len(caplog.records) == 1
    assert "last good keys stay in use" in caplog.text
    write(key_file, "KEY-2")
    assert values(reader.read()) == ["KEY-2", "KEY-1"]
    assert "KEY-" not in caplog.text


def test_fresh_key_is_second_until_it_is_sure_to_be_whole(key_file: Path) -> None:
    """It may be half-written: it is for those whose old key is refused, until its date settles."""
    reader = open_reader(KeyFile(str(key_file)))
    for half in ("NEW", "NEW-", "NEW-KEY"):
        key_file.write_text(half)
        assert values(reader.read()) == ["KEY-1", half]
    write(key_file, "NEW-KEY")
    assert values(reader.read()) == ["NEW-KEY", "KEY-1"]


def test_only_the_last_replaced_key_is_remembered(key_file: Path) -> None:
    """The one before may still be needed; and none is if the file itself holds it."""
    reader = open_reader(KeyFile(str(key_file)))
    write(key_file, "KEY-2")
    reader.read()
    write(key_file, "KEY-3")
    assert values(reader.read()) == ["KEY-3", "KEY-2"]
    write(key_file, "KEY-4\nKEY-3")
    assert values(reader.read()) == ["KEY-4", "KEY-3"]


def test_unreadable_file_is_refused_with_its_reason(tmp_path: Path) -> None:
    """At the start there is no last good key: the path and the reason are told."""
    with pytest.raises(ConfigError, match=r"cannot read .*none: No such file or directory"):
        open_reader(KeyFile(str(tmp_path / "none")))
    with pytest.raises(ConfigError, match=r"cannot read .*: Is a directory"):
        open_reader(KeyFile(str(tmp_path)))
    with pytest.raises(ConfigError, match="embedded null byte"):
        open_reader(KeyFile("a\0b"))


def test_file_open_to_others_is_warned_about_once(
    key_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each path is named once, however many clients read it; a closed file is no matter."""
    open_reader(KeyFile(str(key_file)))
    assert not caplog.records
    key_file.chmod(0o640)
    for _ in range(3):
        open_reader(KeyFile(str(key_file)))
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("asr_client.auth.readers", logging.WARNING)
    assert str(key_file) in record.getMessage()


def test_pipe_is_read_only_once(tmp_path: Path) -> None:
    """What `<(print-key)` gives in a shell has nothing to say a second time."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("KEY-1\n",))
    writer.start()
    reader = open_reader(KeyFile(str(tmp_path / "pipe")))
    writer.join()
    (tmp_path / "pipe").unlink()
    assert values(reader.renew(reader.read())) == ["KEY-1"]


def test_variable_is_looked_at_each_time() -> None:
    """A new value counts at once; one that is removed or spoilt leaves the last good one."""
    environ = {"ASR_API_KEY": "KEY-1"}
    reader = open_reader(KeyVariable("ASR_API_KEY", environ))
    environ["ASR_API_KEY"] = "KEY-2"
    assert values(reader.read()) == ["KEY-2", "KEY-1"]
    environ["ASR_API_KEY"] = "k\u00e9y"
    assert values(reader.read())[0] == "KEY-2"
    environ.clear()
    assert values(reader.read())[0] == "KEY-2"


def test_variable_is_named_when_it_holds_no_key() -> None:
    """The user has to know where to look."""
    with pytest.raises(ConfigError, match="ASR_API_KEY: the API key holds characters"):
        open_reader(KeyVariable("ASR_API_KEY", {"ASR_API_KEY": "k\u00e9y"}))


def test_function_is_asked_each_time_and_nothing_of_it_remembered() -> None:
    """It may give each tenant another key: no tenant's key may reach another one's request."""
    given = iter(["TENANT-1", ApiKey("TENANT-2")])
    reader = open_reader(KeyFunction(lambda: next(given)))
    assert values(reader.read()) == ["TENANT-1"]
    assert values(reader.read()) == ["TENANT-2"]


def fail() -> str:
    """Stand for a caller's function that fails, and says too much."""
    raise LookupError("no such secret: KEY-1")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (fail, "the api_key function raised LookupError"),
        (lambda: None, "the api_key function gave no text but NoneType"),
        (lambda: "", "the api_key function: the API key is empty"),
    ],
)
def test_function_that_gives_no_key_is_a_setting_that_cannot_work(
    function: Callable[[], str], message: str
) -> None:
    """Its exception is the cause of ours, which has nothing of its words."""
    with pytest.raises(ConfigError) as caught:
        open_reader(KeyFunction(function)).read()
    assert caught.value.message == message
    assert "KEY-1" not in str(caught.value)
    assert (function is fail) == isinstance(caught.value.__cause__, LookupError)
