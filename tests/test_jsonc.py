"""JSON with comments: members go in and come out again to the byte, whatever stands around them."""

from __future__ import annotations

import pytest

from course.learner import jsonc

OURS = {"python.defaultInterpreterPath": "/opt/my course/bin/python"}
TEXTS = [
    "{}",
    "{}\n",
    "{\n}\n",
    "{ }",
    '{"a": 1}',
    '{\n  "a": 1,\n  "b": [1, 2, {"c": "}"}]\n}\n',
    '{\r\n\t"a": 1,\r\n}\r\n',
    '// mine\n{\n    // above\n    "a": "// no comment", // beside\n    /* x */ "b": {"a": [1,],},\n    // below\n}\n',
    "{ // nothing yet\n}\n",
    '\ufeff{"a": "\\"}, {"}',
    '{"ä": "😀"}',
]


@pytest.mark.parametrize("text", TEXTS)
def test_members_are_added_and_nothing_else_is_touched(text: str) -> None:
    more = jsonc.added(text, {**OURS, "x": True})
    assert jsonc.values(more) == {**jsonc.values(text), **OURS, "x": True}
    at = text.index("{") + 1
    assert more.startswith(text[:at])
    assert more.endswith(text[at:])
    assert jsonc.added(text, OURS).count("\r") == (text.count("\r") + 1 if "\r" in text else 0)


@pytest.mark.parametrize("text", [text for text in TEXTS if jsonc.values(text)])
def test_taken_out_they_leave_every_byte_as_it_was(text: str) -> None:
    assert jsonc.without(jsonc.added(text, {**OURS, "x": [1]}), {**OURS, "x": [1]}) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"x": 1}', "{}"),
        ('{"a": 2, "x": 1}', '{"a": 2}'),
        ('{\n  "a": 2, // two\n  "x": 1\n}', '{\n  "a": 2 // two\n}'),
        ('{\n  "a": 2,\n  "x": 1, // one\n}', '{\n  "a": 2, // one\n}'),
        ('{\n  "x": /* one */ 1 /* ! */ ,\n  "a": 2\n}', '{ /* ! */ \n  "a": 2\n}'),
        ('{"x": 3, "a": {"x": 1}}', '{"x": 3, "a": {"x": 1}}'),
    ],
)
def test_one_that_was_moved_is_taken_out_where_it_stands_and_one_that_was_changed_stays(text: str, left: str) -> None:
    assert jsonc.without(text, {"x": 1}) == left
    jsonc.values(left)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"a": 1',
        '{"a" 1}',
        '{"a": 1} {}',
        "{\"a\": '1'}",
        '{"a": 1, "a": 2}',
        "{,}",
        '{"a": [,]}',
        '{"a": 1,,}',
        "{/* }",
        "nul",
        "[" * 9000,
    ],
)
def test_what_is_not_understood_is_left_alone(text: str) -> None:
    for change in (jsonc.values, lambda text: jsonc.added(text, OURS), lambda text: jsonc.without(text, OURS)):
        with pytest.raises(jsonc.Unclear):
            change(text)


def test_an_empty_file_is_an_empty_object() -> None:
    assert jsonc.values(" \n") == {}
    assert jsonc.values(jsonc.added("", OURS)) == OURS


def test_blank_is_what_has_neither_member_nor_comment() -> None:
    assert jsonc.is_blank(" {\n} ")
    assert not jsonc.is_blank("{ // mine\n}")
    assert not jsonc.is_blank('{"a": 1}')
