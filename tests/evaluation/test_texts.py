"""Files of references and hypotheses: how they are read, and which belong together."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.errors import ConfigError
from asr_client.evaluation.layouts import HYPOTHESIS_FIELDS, TextSet, Utterance, parse_texts
from asr_client.evaluation.pairing import pair_texts
from asr_client.evaluation.texts import read_texts


def set_of(*utterances: tuple[str, str], layout: str = "kaldi", name: str = "file") -> TextSet:
    """Make a set of ids and texts."""
    return TextSet(name, layout, tuple(Utterance(*each) for each in utterances))


@pytest.mark.parametrize(
    ("name", "content", "layout", "utterances"),
    [
        ("ref.txt", "a b\n\nc\n", "lines", [("", "a b"), ("", ""), ("", "c")]),
        ("ref.txt", "a\u2028b\x0bc\r\nd", "lines", [("", "a\u2028b\x0bc"), ("", "d")]),
        ("ref.txt", "", "lines", []),
        ("text", "u1 a b\nu2\n\nu3\tc", "kaldi", [("u1", "a b"), ("u2", ""), ("u3", "c")]),
        ("x.trans.txt", "1-2-0 GO\n1-2-1 NO\n", "kaldi", [("1-2-0", "GO"), ("1-2-1", "NO")]),
        ("x.txt", "2 men\n2 dogs", "lines", [("", "2 men"), ("", "2 dogs")]),
        ("x.txt", "s1_1 a\ns1_1 b", "lines", [("", "s1_1 a"), ("", "s1_1 b")]),
        ("a.tsv", "path\tsentence\na.mp3\tनमस्ते\n", "tsv", [("a.mp3", "नमस्ते")]),
        ("stdin", "id\tTEXT\n1\tx y\n", "tsv", [("1", "x y")]),
        ("a.jsonl", '{"audio_filepath": "a.wav", "text": "x"}', "jsonl", [("a.wav", "x")]),
        ("stdin", '{"source": "a.wav", "text": "x", "id": 7}\n', "jsonl", [("7", "x")]),
    ],
)
def test_texts_are_read_in_the_layout_they_have(
    name: str, content: str, layout: str, utterances: list[tuple[str, str]]
) -> None:
    """Suffix, name and first lines tell the layout."""
    found = parse_texts(content, name)
    assert found.layout == layout
    assert [(each.id, each.text) for each in found.utterances] == utterances


def test_hypotheses_may_stand_beside_references() -> None:
    """NeMo writes pred_text into the manifest that holds text."""
    line = '{"audio_filepath": "a.wav", "text": "said", "pred_text": "heard"}'
    assert parse_texts(line, "a.jsonl").utterances[0].text == "said"
    assert parse_texts(line, "a.jsonl", text_fields=HYPOTHESIS_FIELDS).utterances[0].text == "heard"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"id": "a", "text": "x"}\n[1]', "a.jsonl, line 2: this is no JSON object"),
        ("a.jsonl", "{", "a.jsonl, line 1: this is no JSON"),
        ("a.jsonl", "[" * 100_000, "a.jsonl, line 1: this is no JSON"),
        ("a.jsonl", '{"id": "a"}', "a.jsonl, line 1: no field holds the text"),
        ("a.jsonl", '{"text": "a"}', "a.jsonl, line 1: no field holds the id"),
        ("a.tsv", "path\tlanguage\na\tb", r"none of its columns \(path, language\) is a text"),
        ("a.tsv", "text\nx", "no column tells which utterance"),
        ("a.tsv", "id\ttext\nx", "line 2: 1 columns, and the header has 2"),
        ("a.tsv", "id\ttext\n\tx", "line 2: the id is empty"),
        ("text", "a x\nb y\na z", "'a' stands in line 1 and again in line 3"),
    ],
)
def test_texts_say_which_line_is_wrong(name: str, content: str, message: str) -> None:
    """What cannot be read is one sentence with the file and the line."""
    with pytest.raises(ConfigError, match=message):
        parse_texts(content, name)


def test_folders_are_read_by_file_name(tmp_path: Path) -> None:
    """Each file is an utterance, called by its place in the folder without the suffix."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b.txt").write_text("zwei\n")
    (tmp_path / "a.txt").write_bytes("\ufeffनमस्ते\n".encode())
    (tmp_path / "c.json").write_text("not read beside texts")
    found = read_texts(str(tmp_path))
    assert found.utterances == (Utterance("a", "नमस्ते\n"), Utterance("sub/b", "zwei\n"))
    for path in tmp_path.rglob("*.txt"):
        path.unlink()
    (tmp_path / "c.json").write_text('{\n"source": "c.wav",\n "text": "drei"}')
    assert read_texts(str(tmp_path)).utterances == (Utterance("c", "drei"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfea\x00b\x00", None),
        (b"RIFF\x00\x00", "holds NUL characters"),
        (b"fLaC\xff\xf8", "not UTF-8 at byte 4"),
    ],
)
def test_files_that_are_no_text_are_refused(
    tmp_path: Path, content: bytes, message: str | None
) -> None:
    """UTF-16 with its mark is read; a recording given by mistake is told."""
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    if message is None:
        assert read_texts(str(path)).utterances == (Utterance("", "ab"),)
    else:
        with pytest.raises(ConfigError, match=message):
            read_texts(str(path))


def test_pairs_are_found_by_id_in_any_order() -> None:
    """What is missing is empty and told; what is too much is told."""
    pairs = pair_texts(set_of(("a", "1"), ("b", "2")), set_of(("c", "3"), ("a", "4")))
    assert pairs.ids == ("a", "b")
    assert pairs.hypotheses == ("4", "")
    assert (pairs.missing, pairs.extra, pairs.by) == (("b",), ("c",), "id")


@pytest.mark.parametrize(
    ("said", "heard", "found"),
    [
        (["a.wav", "b.wav"], ["a.txt", "b.txt"], 2),
        (["clips/a.wav", "clips/b.wav"], ["out/a", "out/b"], 2),
        (["s.1", "s.2"], ["s.1", "s.2"], 2),  # a suffix that is none
        (["x/a.wav", "y/a.wav"], ["x/a.txt", "y/a.txt"], 2),  # folders that count
        (["s.1", "s.2"], ["s.2", "s.3"], 1),
    ],
)
def test_pairs_are_found_where_ids_differ_by_folder_or_suffix(
    said: list[str], heard: list[str], found: int
) -> None:
    """Suffixes and folders are left out only where that finds more, and joins no two."""
    pairs = pair_texts(
        set_of(*((name, name) for name in said)), set_of(*((name, name) for name in heard))
    )
    assert len(pairs.ids) - len(pairs.missing) == found


def test_pairs_refuse_sets_that_have_nothing_in_common() -> None:
    """Two examples show why nothing was found."""
    with pytest.raises(ConfigError, match=r"none of the 1 ids .* such as 'a' and 'b'"):
        pair_texts(set_of(("a", "1")), set_of(("b", "2")))
    with pytest.raises(ConfigError, match="holds no utterances"):
        pair_texts(set_of(), set_of(("b", "2")))


def test_pairs_are_lines_where_there_are_no_ids() -> None:
    """An empty line is an empty hypothesis; one more at the end is none."""
    said = parse_texts("a\nb\nc\n", "ref.txt")
    assert pair_texts(said, parse_texts("a\n\n\n", "hyp.txt")).hypotheses == ("a", "", "")
    assert pair_texts(said, parse_texts("a\nb\nc\n\n \n", "hyp.txt")).hypotheses == ("a", "b", "c")
    assert pair_texts(said, parse_texts("a\nb\nc\n", "h")).ids == ("1", "2", "3")
    with pytest.raises(ConfigError, match=r"ref\.txt has 3 utterances and hyp\.txt 2"):
        pair_texts(said, parse_texts("a\nb\n", "hyp.txt"))


@given(st.text(), st.sampled_from([None, "lines", "kaldi", "tsv", "jsonl"]))
def test_any_text_is_read_or_refused(content: str, layout: str | None) -> None:
    """Whatever a file holds, there are utterances or one error."""
    try:
        found = parse_texts(content, "x", layout)  # type: ignore[arg-type]
    except ConfigError:
        return
    assert all(each.id for each in found.utterances) == found.has_ids or not found.utterances
