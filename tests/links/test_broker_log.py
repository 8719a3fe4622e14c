"""What the embedded broker's log says, line for line, and how it is read while it is written."""

from pathlib import Path

import pytest

from gateway.broker_log import Line, LogTail, Said, understood

HEAD = "[26887] 2026/11/23 02:26:46.809242 [ERR] "


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            '127.0.0.1:33769 - mid:28 - "7Uk9" - Publish Violation - Subject "care.v1.h2.s.smoke"',
            Line(Said.FORBIDDEN_TOPIC, "care/v1/h2/s/smoke", 'client "7Uk9"'),
        ),
        (
            '127.0.0.1:35705 - mid:29 - "x" - authentication error - User "smoke-1"',
            Line(Said.REFUSED_LOGIN, "smoke-1", 'client "x"'),
        ),
        (
            '127.0.0.1:60641 - mid:31 - "7Uk9" - character not supported for MQTT topics',
            Line(Said.BAD_TOPIC, '"7Uk9"', 'client "7Uk9"'),
        ),
        (
            "Filestore [$MQTT_msgs] Critical write error: write /s/1.blk: no space left on device",
            Line(
                Said.NOT_STORED,
                "broker",
                "Filestore [$MQTT_msgs] Critical write error: write /s/1.blk: "
                "no space left on device",
            ),
        ),
        (
            "JetStream failed to store a msg on stream '$G > $MQTT_msgs': input/output error",
            Line(
                Said.NOT_STORED,
                "broker",
                "JetStream failed to store a msg on stream '$G > $MQTT_msgs': input/output error",
            ),
        ),
    ],
)
def test_a_line_is_understood(said: str, expected: Line) -> None:
    """As nats-server 2.15.1 writes it."""
    assert expected == understood(HEAD + said)


@pytest.mark.parametrize(
    "line",
    [
        "",
        HEAD + '127.0.0.1:1 - mid:1 - "JetStream failed to store" - Client connection closed',
        HEAD + '127.0.0.1:1 - mid:1 - "a" - unable to connect: authentication error',
        "[1] 2026/11/23 02:26:46 [INF] Server is ready",
        "JetStream failed to store a msg on stream",
    ],
)
def test_the_rest_is_nothing(line: str) -> None:
    """Least of all what a device has put into its client id."""
    assert None is understood(line)


def test_a_log_is_read_on_over_its_rotation(tmp_path: Path) -> None:
    """What stood in the old file is read to its end; half a line waits for the other half."""
    path = tmp_path / "nats.log"
    path.write_text("old\n")
    tail = LogTail(path, is_new=False)
    with path.open("a") as log:
        log.write("one\ntw")
        log.flush()
        assert ["one"] == tail.read()
        log.write("o\nthree\n")
    path.rename(tmp_path / "nats.log.1")
    path.write_text("four\n")
    assert ["two", "three", "four"] == [line for _ in range(3) for line in tail.read()]
    tail.close()


def test_a_log_may_come_later(tmp_path: Path) -> None:
    """The broker makes it."""
    tail = LogTail(tmp_path / "nats.log", is_new=True)
    assert [] == tail.read()
    (tmp_path / "nats.log").write_text("one\n")
    assert ["one"] == tail.read()
    tail.close()
