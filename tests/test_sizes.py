"""Files and functions stay small enough to be read at one go."""

import ast

from tests.tree import Source, parse, sources

FILE_LINES = 400
FUNCTION_LINES = 60

# What may be longer ("package/file.py" or "package/file.py:function") and the reason why it
# reads better in one piece.
ALLOWED: dict[str, str] = {}


def too_long(source: Source) -> list[str]:
    """Name the file and the functions that pass the limits, as keys of ALLOWED."""
    found = [source.path] if len(source.text.splitlines()) > FILE_LINES else []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno + 1 > FUNCTION_LINES:
                found.append(f"{source.path}:{node.name}")
    return found


def test_files_and_functions_are_short() -> None:
    """Nothing passes 400 lines a file or 60 a function but what ALLOWED gives a reason for.

    An entry whose file has become short again is found too.
    """
    assert sorted(ALLOWED) == sorted(name for source in sources() for name in too_long(source))


def test_a_long_file_is_found() -> None:
    """One line more than the limit is too long; the limit itself is not."""
    assert [] == too_long(parse("a.py", "pass\n" * FILE_LINES))
    assert ["a.py"] == too_long(parse("a.py", "pass\n" * (FILE_LINES + 1)))


def test_a_long_function_is_found() -> None:
    """The signature counts, and so does a method."""
    method = "class A:\n def long(self):\n" + "  pass\n" * (FUNCTION_LINES - 1)
    assert [] == too_long(parse("a.py", method))
    assert ["a.py:long"] == too_long(parse("a.py", method + "  pass\n"))
