"""Files with mistakes: every one is named, with its place and value, and none is invented."""

import re
from pathlib import Path

import pytest

from gateway.config import MOST_BYTES, load, parse
from gateway.mistake import Mistake, MistakesError

HEAD = '[community]\nname = "昭觉社区"\nlandline = "84310000"\n'
TWILIO = f"""
[channels.twilio]
account_sid = "AC{"5" * 32}"
auth_token = "hunter-two"
from_number = "+15005550006"
"""

# What is wrong -> the file, and path and value of every mistake in it.
BROKEN: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "nothing in it": ("", [("community.name", ""), ("community.landline", "")]),
    "tables that are no tables": (
        "community = 3\nserial = 4\nchannels = []\n",
        [("community", "3"), ("serial", "4"), ("channels", "[…]")],
    ),
    "mistyped keys": (
        HEAD + '[mqt]\nurl = "x"\n[web]\nprot = 80\n',
        [("mqt", "{…}"), ("web.prot", "80")],
    ),
    "wrong types": (
        HEAD + '[web]\nport = "80"\n[limits]\ninbox = true\n[state]\nfolder = 7\n',
        [("web.port", '"80"'), ("limits.inbox", "true"), ("state.folder", "7")],
    ),
    "out of range": (
        HEAD + '[web]\nport = 70000\n[[serial]]\nname = "s"\npath = "/dev/a"\nbaud = 1\n',
        [("web.port", "70000"), ("serial[0].baud", "1")],
    ),
    "community": (
        '[community]\nname = ""\nlandline = "120"\ntimezone = "Asia/Zhaojue"\nlanguage = "fr"\n',
        [
            ("community.name", '""'),
            ("community.landline", '"120"'),
            ("community.timezone", '"Asia/Zhaojue"'),
            ("community.language", '"fr"'),
        ],
    ),
    "a broker that is none": (
        HEAD + '[mqtt]\nurl = "http://broker"\nclient_id = "a b"\n',
        [("mqtt.url", '"http://broker"'), ("mqtt.client_id", '"a b"')],
    ),
    "a password in an address": (
        HEAD + '[mqtt]\nurl = "mqtt://me:hunter-two@broker"\n',
        [("mqtt.url", '"mqtt://…@broker"')],
    ),
    "TLS without its CA": (HEAD + '[mqtt]\nurl = "mqtts://broker"\n', [("mqtt.ca_file", "")]),
    "a CA without TLS": (
        HEAD + '[mqtt]\nurl = "mqtt://broker"\nca_file = "/ca.pem"\n',
        [("mqtt.ca_file", '"/ca.pem"')],
    ),
    "a certificate without its key": (
        HEAD + '[mqtt]\nurl = "mqtts://b"\nca_file = "/ca"\ncert_file = "/crt"\n',
        [("mqtt.key_file", "")],
    ),
    "a certificate without TLS": (
        HEAD + '[mqtt]\ncert_file = "/crt"\nkey_file = "/key"\n',
        [("mqtt.key_file", '"/key"')],
    ),
    "sources that push": (
        HEAD
        + '[[serial]]\nname = "s"\npath = "/dev/a"\n[[push]]\nname = "a"\nsecret = "short"\n'
        + '[[push]]\nname = "b"\n',
        [("push[0].secret", ""), ("push[1].secret", "")],
    ),
    "a source named like a port": (
        HEAD
        + '[[serial]]\nname = "s"\npath = "/dev/a"\n'
        + '[[push]]\nname = "s"\nsecret = "sixteen-characters-or-more"\n',
        [("push", "[…]")],
    ),
    "filters": (
        HEAD + '[mqtt]\nurl = "mqtt://b"\n[mqtt.filters]\n"a/#/b" = "own"\n"c/#" = "zigbee"\n',
        [("mqtt.filters.a/#/b", '"a/#/b"'), ("mqtt.filters.c/#", '"zigbee"')],
    ),
    "filters the embedded broker cannot carry": (
        HEAD + '[mqtt.filters]\n"zigbee2mqtt/#" = "own"\n"living room" = "own"\n',
        [("mqtt.filters", "{…}")],
    ),
    "serial ports": (
        HEAD
        + '[[serial]]\nname = "mqtt"\npath = "/dev/a"\n'
        + '[[serial]]\npath = ""\n[[serial]]\nname = "x"\npath = "/dev/b"\nbuad = 1\n',
        [("serial[1].name", ""), ("serial[1].path", '""'), ("serial[2].buad", "1")],
    ),
    "two serial ports of one name": (
        HEAD + 2 * '[[serial]]\nname = "s"\npath = "/dev/a"\n',
        [("serial", "[…]")],
    ),
    "reachable from outside": (HEAD + '[web]\nhost = "0.0.0.0"\n', [("web.host", '"0.0.0.0"')]),
    "a public address that is none": (
        HEAD + '[web]\npublic_url = "care.example.org"\n',
        [("web.public_url", '"care.example.org"')],
    ),
    "a carrier half configured": (
        HEAD + '[channels.twilio]\naccount_sid = "AC1"\n',
        [
            ("channels.twilio.account_sid", '"AC1"'),
            ("channels.twilio.auth_token", ""),
            ("channels.twilio.from_number", ""),
        ],
    ),
    "a carrier's number that is an emergency number": (
        HEAD + TWILIO.replace("+15005550006", "+86120"),
        [("channels.twilio.from_number", '"+86120"')],
    ),
    "a mistyped secret": (
        HEAD + TWILIO.replace("auth_token", "auth_tokn"),
        [("channels.twilio.auth_token", ""), ("channels.twilio.auth_tokn", "")],
    ),
    "a secret given twice, once in a file that is not there": (
        HEAD + TWILIO + 'auth_token_file = "/nowhere/token"\n',
        [
            ("channels.twilio.auth_token_file", ""),
            ("channels.twilio.auth_token_file", "/nowhere/token"),
        ],
    ),
    "an unknown channel": (HEAD + "[channels.pigeon]\n", [("channels.pigeon", "{…}")]),
    "automatic dialling": (HEAD + '[dispatch]\nmode = "auto"\n', [("dispatch.mode", '"auto"')]),
    "rules": (
        HEAD + "[rules.smoke]\ndelay_seconds = 5\n[rules.no_motion]\nday_hours = 0\n[rules.x]\n",
        [
            ("rules.smoke.delay_seconds", "5"),
            ("rules.no_motion.day_hours", "0"),
            ("rules.x", "{…}"),
        ],
    ),
    "a policy that ends in silence": (
        HEAD + "[policies.smoke]\nrepeat_seconds = 0\n",
        [("policies.smoke", "{…}")],
    ),
    "policies for nobody": (
        HEAD
        + "[policies.help_call]\nsteps = []\n"
        + '[[policies.no_motion.steps]]\nwait_seconds = 5\naims = [{ whom = "family" }]\n',
        [("policies.help_call", "{…}"), ("policies.no_motion", "{…}")],
    ),
    "a life made less of": (
        HEAD + '[policies.smoke]\npriority = "trouble"\n',
        [("policies.smoke", "{…}")],
    ),
    "mistyped steps": (
        HEAD + '[[policies.smoke.steps]]\nwait = 5\naims = [{ whom = "mayor", media = ["fax"] }]\n',
        [
            ("policies.smoke.steps[0].wait", "5"),
            ("policies.smoke.steps[0].wait_seconds", ""),
            ("policies.smoke.steps[0].aims[0].whom", '"mayor"'),
            ("policies.smoke.steps[0].aims[0].media[0]", '"fax"'),
        ],
    ),
}


def mistakes(text: str | bytes) -> tuple[Mistake, ...]:
    """What is wrong in a file."""
    with pytest.raises(MistakesError) as caught:
        parse(text)
    return caught.value.mistakes


@pytest.mark.parametrize("name", BROKEN)
def test_every_mistake_is_named_and_none_invented(name: str) -> None:
    """Path and value of each, and no other."""
    text, expected = BROKEN[name]
    assert sorted(expected) == sorted((m.path, m.value) for m in mistakes(text))


@pytest.mark.parametrize("name", BROKEN)
def test_every_mistake_is_said_in_both_languages(name: str) -> None:
    """Reason and mend; the Chinese has Chinese in it, the English none of ours."""
    for mistake in mistakes(BROKEN[name][0]):
        for words in (mistake.reason, mistake.mend):
            assert re.search(r"[一-龥]", words.zh)
            assert words.en
            assert not re.search(r"[一-龥]", words.en)


@pytest.mark.parametrize("name", BROKEN)
def test_no_mistake_tells_a_secret(name: str) -> None:
    """Not in its text, in either language, nor in the error for the log."""
    with pytest.raises(MistakesError) as caught:
        parse(BROKEN[name][0])
    told = [m.text(language) for m in caught.value.mistakes for language in ("zh", "en")]
    assert "hunter" not in "\n".join([*told, str(caught.value)])


def test_a_mistyped_key_is_told_which_was_meant() -> None:
    """Most mistakes are slips of the finger."""
    (mistake,) = mistakes(HEAD + "[web]\nprot = 80\n")
    assert "did you mean port?" == mistake.mend.en


def test_broken_toml_is_one_mistake_with_its_line() -> None:
    """What is not TOML cannot be judged further."""
    (mistake,) = mistakes(HEAD + "[web]\nport = = 80\n")
    assert (5, "port = = 80") == (mistake.line, mistake.value)


def test_a_line_with_a_secret_is_not_shown() -> None:
    """A forgotten quote is no reason to print a password."""
    (mistake,) = mistakes(HEAD + '[mqtt]\npassword = "hunter-two\n')
    assert (5, "") == (mistake.line, "" if "hunter" not in mistake.text("en") else "shown")


def test_another_encoding_is_one_mistake() -> None:
    """A Chinese editor may save GBK."""
    (mistake,) = mistakes(HEAD.encode("gbk"))
    assert (2, "the file is not UTF-8") == (mistake.line, mistake.reason.en)


@pytest.mark.parametrize(
    "data", [b"a = " + b"[" * 5000, b"\x00" * 10, b"x" * (MOST_BYTES + 1), b"\xff\xfe[\x00"]
)
def test_hostile_bytes_are_one_mistake(data: bytes) -> None:
    """Nothing a file holds ends in another error."""
    assert 1 == len(mistakes(data))


def test_a_value_cannot_write_to_the_terminal() -> None:
    """Control characters are not shown, and a long value is cut."""
    (mistake,) = mistakes(HEAD + f'[web]\n"\\u001b[2J" = "{"x" * 500}\\u001b"\n')
    assert "\x1b" not in mistake.text("zh")
    assert len(mistake.value) <= 60


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    """Said like every other."""
    with pytest.raises(MistakesError) as caught:
        load(tmp_path / "none.toml", {})
    (mistake,) = caught.value.mistakes
    assert "the file cannot be read: No such file or directory" == mistake.reason.en
