"""How a good `config.toml` becomes a configuration."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alerting.channels.twilio.settings import TwilioSettings
from alerting.effect import Medium
from alerting.policy import FIRE, Policy, Whom
from gateway.config import Config, load, parse

HEAD = '[community]\nname = "昭觉社区"\nlandline = "84310000"\n'
SID = "AC" + "5" * 32
TWILIO = f'[channels.twilio]\naccount_sid = "{SID}"\nfrom_number = "+15005550006"\n'


def twilio(config: Config) -> TwilioSettings:
    """The carrier's settings, as a channel gets them."""
    settings = dict(config.channels_open())["twilio"]
    assert isinstance(settings, TwilioSettings)
    return settings


def policy(config: Config, kind: str) -> Policy:
    """The ladder of a kind of alarm."""
    found = getattr(config.policies, kind)
    assert isinstance(found, Policy)
    return found


def test_the_environment_gives_a_secret() -> None:
    """A token need not stand in the file."""
    config = parse(HEAD + TWILIO, {"SMARTCARE_TWILIO_TOKEN": "from-outside"})
    assert "from-outside" == twilio(config).auth_token.get_secret_value()


def test_the_environment_counts_more_than_the_file() -> None:
    """Whoever starts the gateway has the last word about secrets."""
    config = parse(
        HEAD + '[mqtt]\nurl = "mqtt://b"\npassword = "in-file"\n',
        {"SMARTCARE_MQTT_PASSWORD": "from-outside"},
    )
    assert "from-outside" == config.mqtt.secret()


def test_the_environment_makes_no_channel() -> None:
    """A token without a table opens nothing."""
    config = parse(HEAD, {"SMARTCARE_TWILIO_TOKEN": "from-outside"})
    assert ["console"] == [name for name, _ in config.channels_open()]


def test_each_source_has_a_secret_of_its_own(tmp_path: Path) -> None:
    """From the file, from a file beside it, from the environment by its name."""
    (tmp_path / "secret").write_text("secret-of-the-second\n", encoding="utf-8")
    config = parse(
        HEAD
        + '[[push]]\nname = "one"\nsecret = "secret-of-the-first"\n'
        + '[[push]]\nname = "two"\nsecret_file = "secret"\n'
        + '[[push]]\nname = "acme-cloud"\nsecret = "not-this-one-either"\n',
        {"SMARTCARE_PUSH_SECRET_ACME_CLOUD": "secret-from-outside"},
        tmp_path,
    )
    assert ["secret-of-the-first", "secret-of-the-second", "secret-from-outside"] == [
        source.secret.get_secret_value() for source in config.push
    ]


def test_a_file_of_its_own_gives_a_secret(tmp_path: Path) -> None:
    """Its last line break is not part of the secret."""
    (tmp_path / "token").write_text("hidden\n", encoding="utf-8")
    (tmp_path / "config.toml").write_text(
        HEAD + TWILIO + 'auth_token_file = "token"\n', encoding="utf-8"
    )
    config = load(tmp_path / "config.toml", {})
    assert "hidden" == twilio(config).auth_token.get_secret_value()


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    """The working directory of whoever starts the gateway does not matter."""
    (tmp_path / "config.toml").write_text(
        HEAD + '[mqtt]\nurl = "mqtts://b"\nca_file = "ca.pem"\n', encoding="utf-8"
    )
    config = load(tmp_path / "config.toml", {})
    assert str(tmp_path / "state") == config.state.folder
    assert str(tmp_path / "ca.pem") == config.mqtt.ca_file


def test_an_absolute_path_stays() -> None:
    """Only what is relative is counted from somewhere."""
    config = parse(HEAD + '[state]\nfolder = "/var/lib/smartcare"\n', folder=Path("/etc"))
    assert "/var/lib/smartcare" == config.state.folder


def test_a_byte_order_mark_is_no_mistake() -> None:
    """Some editors write one."""
    assert "昭觉社区" == parse(b"\xef\xbb\xbf" + HEAD.encode()).community.name


def test_the_public_address_is_given_once() -> None:
    """A channel that has none of its own takes the gateway's."""
    config = parse(
        HEAD + '[web]\npublic_url = "https://care.example.org/"\n' + TWILIO,
        {"SMARTCARE_TWILIO_TOKEN": "x"},
    )
    assert "https://care.example.org" == twilio(config).public_url


def test_a_channel_keeps_its_own_public_address() -> None:
    """What stands in its table counts more."""
    config = parse(
        HEAD
        + '[web]\npublic_url = "https://care.example.org"\n'
        + TWILIO
        + 'public_url = "https://other.example.org"\n',
        {"SMARTCARE_TWILIO_TOKEN": "x"},
    )
    assert "https://other.example.org" == twilio(config).public_url


def test_a_channel_can_be_turned_off() -> None:
    """Its table stays, for later."""
    config = parse(HEAD + TWILIO + "enabled = false\n", {"SMARTCARE_TWILIO_TOKEN": "x"})
    assert ["console"] == [name for name, _ in config.channels_open()]


def test_a_policy_says_only_what_differs() -> None:
    """Everything else is as the kind's own ladder."""
    config = parse(HEAD + "[policies.smoke]\nlease_seconds = 240.0\n")
    smoke = policy(config, "smoke")
    assert (240.0, FIRE.steps) == (smoke.lease_seconds, smoke.steps)


def test_steps_are_replaced_as_a_whole() -> None:
    """A ladder mixed from two would be nobody's."""
    config = parse(
        HEAD
        + "[[policies.smoke.steps]]\nwait_seconds = 20.0\n"
        + 'aims = [{ whom = "desk", media = ["console", "voice"] }]\n'
    )
    (step,) = policy(config, "smoke").steps
    aims = [(aim.whom, aim.media) for aim in step.aims]
    assert [(Whom.DESK, (Medium.CONSOLE, Medium.VOICE))] == aims


@pytest.mark.parametrize("printed", [repr, str, Config.model_dump_json])
def test_a_printed_configuration_holds_no_secret(printed: Callable[[Config], str]) -> None:
    """Wherever the configuration goes, its secrets do not."""
    config = parse(
        HEAD + '[mqtt]\nurl = "mqtt://b"\npassword = "hunter-two"\n' + TWILIO,
        {"SMARTCARE_TWILIO_TOKEN": "hunter-three"},
    )
    assert "hunter" not in printed(config)
