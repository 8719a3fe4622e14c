"""Bar 5: `smartcare check` on broken installations names every mistake and invents none.

The command itself is asked, on more than forty configurations: those of `test_broken` and these.
"""

import json
from pathlib import Path

import pytest

from tests.cli.rig import typed
from tests.config.test_broken import BROKEN, HEAD, TWILIO

LEAST = 40
MORE: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "no TOML": (HEAD + "[web\n", [("", "[web")]),
    "a key written twice": (HEAD + "[web]\nport = 1\nport = 2\n", [("", "port = 2")]),
    "a table written twice": (HEAD + HEAD, [("", "[community]")]),
    "a name too long for a text": (
        f'[community]\nname = "{17 * "区"}"\nlandline = "84310000"\n',
        [("community.name", f'"{17 * "区"}"')],
    ),
    "a landline in words": (
        '[community]\nname = "昭觉"\nlandline = "call me"\n',
        [("community.landline", '"call me"')],
    ),
    "a log nobody can write": (
        HEAD + '[log]\nlevel = "loud"\nformat = "xml"\n',
        [("log.level", '"loud"'), ("log.format", '"xml"')],
    ),
    "limits of nothing": (
        HEAD + "[limits]\ninbox = -1\nunacknowledged = 0\n",
        [("limits.inbox", "-1"), ("limits.unacknowledged", "0")],
    ),
    "kept for no time, for a bit, for ever": (
        HEAD + '[retention]\njournal_days = 0\noutbox_days = 1.5\nlog_text_days = "ever"\n',
        [
            ("retention.journal_days", "0"),
            ("retention.outbox_days", "1.5"),
            ("retention.log_text_days", '"ever"'),
        ],
    ),
    "figures for the world": (
        HEAD + '[monitor]\nhost = "0.0.0.0"\nport = "x"\n',
        [("monitor.host", '"0.0.0.0"'), ("monitor.port", '"x"')],
    ),
    "another system told in clear": (
        HEAD + '[channels.webhook]\nurl = "http://desk.example.org/x"\nsecret = "short"\n',
        [("channels.webhook.url", '"http://desk.example.org/x"'), ("channels.webhook.secret", "")],
    ),
    "another system nowhere": (
        HEAD + "[channels.webhook]\n",
        [("channels.webhook.url", ""), ("channels.webhook.secret", "")],
    ),
    "a channel that is off and wrong": (
        HEAD + TWILIO.replace("hunter-two", "x").replace("AC5", "5") + "enabled = false\n",
        [("channels.twilio.account_sid", '"' + 32 * "5" + '"')],
    ),
    "a switch that is neither on nor off": (
        HEAD + '[channels.console]\nenabled = "yes"\nlines = 0\n',
        [("channels.console.enabled", '"yes"'), ("channels.console.lines", "0")],
    ),
    "emergency numbers that are none": (
        HEAD + '[dispatch]\nnumber_119 = "+8613800000000"\nnumber_120 = 120\n',
        [("dispatch.number_119", '"+8613800000000"'), ("dispatch.number_120", "120")],
    ),
    "hours in words": (
        HEAD + '[rules.device_lost]\nbudget_hours = { smoke = "long" }\n',
        [("rules.device_lost.budget_hours.smoke", '"long"')],
    ),
    "a day of 25 hours": (
        HEAD + "[rules.no_motion]\nday_from_hour = 25.0\n",
        [("rules.no_motion.day_from_hour", "25.0")],
    ),
    "a broker's port out of range": (
        HEAD + '[mqtt]\nurl = "mqtt://b:99999"\nusername = ""\n',
        [("mqtt.url", '"mqtt://b:99999"'), ("mqtt.username", '""')],
    ),
    "a policy for no kind of alarm": (
        HEAD + "[policies.rain]\nlease_seconds = 1.0\n",
        [("policies.rain", "{…}")],
    ),
    "a ladder that waits for ever": (
        HEAD + "[policies.smoke]\nrepeat_seconds = nan\n",
        [("policies.smoke", "{…}")],
    ),
    "one mistake in each of many tables": (
        HEAD + '[state]\nfolder = ""\n[web]\nport = -1\n[log]\nlevel = 3\n[limits]\ninbox = "x"\n',
        [
            ("state.folder", '""'),
            ("web.port", "-1"),
            ("log.level", "3"),
            ("limits.inbox", '"x"'),
        ],
    ),
}
ALL = {**BROKEN, **MORE}


def test_there_are_forty() -> None:
    """No name stands for two."""
    assert len(BROKEN) + len(MORE) == len(ALL) >= LEAST


@pytest.mark.parametrize("name", ALL)
def test_the_command_names_every_mistake_and_invents_none(name: str, tmp_path: Path) -> None:
    """Exit status 2; path and value of each, with a reason and a mend in both languages."""
    text, expected = ALL[name]
    config = tmp_path / "config.toml"
    config.write_text(text, encoding="utf-8")
    done = typed(config, "check", "--json")
    told = json.loads(done.stdout)
    assert (2, False) == (done.exit_code, told["ok"])
    found = [(finding["path"], finding["value"]) for finding in told["findings"]]
    assert sorted(expected) == sorted(found)
    for finding in told["findings"]:
        assert "error" == finding["level"]
        for words in (finding["reason"], finding["mend"]):
            assert words["zh"]
            assert words["en"]
    assert ["config.toml"] == [path.name for path in tmp_path.iterdir()]
