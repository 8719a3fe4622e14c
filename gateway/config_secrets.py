"""What of a configuration stands elsewhere: secrets in the environment or in files, and paths.

Works on the tables as they were read, before anything is known to be right in them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.mistake import Mistake, Words, spell

Tables = dict[str, Any]

FOLDER = "state"
"""The state folder, where nothing else is said."""

SECRETS = {
    ("mqtt", "password"): "SMARTCARE_MQTT_PASSWORD",
    ("channels", "twilio", "auth_token"): "SMARTCARE_TWILIO_TOKEN",
    ("channels", "webhook", "secret"): "SMARTCARE_WEBHOOK_SECRET",
    ("push", "secret"): "SMARTCARE_PUSH_SECRET",
}
"""Keys that the environment overrides, and that `<key>_file` may give.

In an array of tables the variable has the table's name behind it: `SMARTCARE_PUSH_SECRET_ACME`.
"""

_PATHS = (
    ("state", "folder"),
    ("mqtt", "ca_file"),
    ("mqtt", "cert_file"),
    ("mqtt", "key_file"),
    *((*key[:-1], f"{key[-1]}_file") for key in SECRETS),
)


def place(tables: Tables, folder: Path) -> None:
    """Count paths from the file's folder; a table that is not there is an empty one."""
    tables.setdefault("community", {})
    if isinstance(state := tables.setdefault("state", {}), dict):
        state.setdefault("folder", FOLDER)
    for *way, key in _PATHS:
        for table, _ in _tables(tables, way):
            if isinstance(table.get(key), str) and table[key]:
                table[key] = str(folder / table[key])


def unveil(tables: Tables, environment: Mapping[str, str]) -> Iterator[Mistake]:
    """Put secrets in their places: from the environment, or from files of their own."""
    for (*way, key), variable in SECRETS.items():
        for table, place in _tables(tables, way):
            path = table.pop(f"{key}_file", None)
            if len(place) > len(way):  # one of an array
                name = f"{variable}_{table.get('name')}".upper().replace("-", "_")
            else:
                name = variable
            if environment.get(name):
                table[key] = environment[name]
            elif path is not None:
                yield from _read_secret(table, key, path, spell((*place, f"{key}_file")))


def _read_secret(table: Tables, key: str, path: object, place: str) -> Iterator[Mistake]:
    """Read a secret from a file of its own."""
    if key in table:
        yield Mistake(
            place,
            "",
            Words(f"与 {key} 重复", f"is given beside {key}"),
            Words("两项只留一项", "keep one of the two"),
        )
    try:
        table[key] = Path(path).read_text(encoding="utf-8").strip()  # type: ignore[arg-type]
    except (OSError, UnicodeDecodeError, TypeError, ValueError) as error:
        table[key] = "unread-unread-unread"  # or it would be called missing as well
        yield unreadable(place, path, error)


def table_at(tables: object, way: list[str]) -> Tables | None:
    """Give the table at the end of the way, None where there is none."""
    for name in way:
        tables = tables.get(name) if isinstance(tables, dict) else None
    return tables if isinstance(tables, dict) else None


def _tables(tables: object, way: list[str]) -> Iterator[tuple[Tables, tuple[str | int, ...]]]:
    """Give the tables at the end of the way with their places: one, those of an array, or none."""
    for name in way:
        tables = tables.get(name) if isinstance(tables, dict) else None
    if isinstance(tables, dict):
        yield tables, tuple(way)
    for number, table in enumerate(tables if isinstance(tables, list) else ()):
        if isinstance(table, dict):
            yield table, (*way, number)


def unreadable(place: str, path: object, error: Exception) -> Mistake:
    """Say that a file could not be read."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Mistake(
        place,
        str(path),
        Words(f"文件读不出来（{said}）", f"the file cannot be read: {said}"),
        Words("检查路径和权限", "check the path and the permissions"),
    )
