"""The village and the configuration of a gateway under attack.

Each home has a smoke head, a motion sensor, a door contact and one neighbour with a telephone of
their own, so that every request of the carrier is about one home. The ladder is as short as it may
be, one text and one call for each smoke, and does not begin again while the attack lasts: at 20
smokes a second the usual one would have the two cores of a small machine measure themselves.
"""

from collections.abc import Mapping
from pathlib import Path

import tomli_w

from simulators import village
from tests.kill.daemon import Place

TOKEN = "simulated-token"
LONG_SECONDS = 3600.0

SHORT_LADDER = {
    "steps": [
        {
            "aims": [
                {"whom": "neighbours", "media": ["sms", "voice"], "count": 1},
                {"whom": "desk", "media": ["console"]},
            ],
            "wait_seconds": LONG_SECONDS,
        }
    ],
    "repeat_seconds": LONG_SECONDS,
    "tells_family": False,
}


def tables(homes: int) -> village.Registry:
    """Give the rows of a village of so many homes."""
    found: village.Registry = {
        "homes": [],
        "residents": [],
        "devices": [],
        "responders": [{"id": "d01", "name": "值守台", "role": "desk", "phone": "+8616100000000"}],
        "pairings": [],
    }
    for number in range(1, homes + 1):
        home, neighbour = f"h{number:04}", f"n{number:04}"
        place = {"building": f"{number // 100 + 1}栋", "unit": "1单元", "room": f"{number % 100}01"}
        found["homes"].append({"id": home, "compound": "桂花苑", **place})
        found["residents"].append({"id": f"r{number:04}", "home": home, "name": "张桂芳"})
        for word, kind in (("smoke", "smoke"), ("pir", "pir"), ("door", "contact")):
            row = {"id": f"{word}-{home}", "family": "own", "home": home, "class": kind}
            found["devices"].append({**row, "secret": f"secret-{number}"})
        phone = f"+86160{number:08}"
        found["responders"].append(
            {"id": neighbour, "name": "李建国", "role": "neighbour", "phone": phone}
        )
        found["pairings"].append({"home": home, "responder": neighbour, "rank": 1})
    return found


def write_config(
    place: Place, mqtt: Mapping[str, object], carrier_url: str, web_port: int, **more: object
) -> None:
    """Write `config.toml`: a broker, the simulated carrier and more channels, further tables."""
    channels = more.pop("channels", {})
    assert isinstance(channels, Mapping)
    config = {
        "community": {"name": "桂花社区", "landline": "84310000"},
        "state": {"folder": place.state.name},
        "mqtt": dict(mqtt),
        "web": {"port": web_port, "public_url": f"http://127.0.0.1:{web_port}"},
        "channels": {
            "twilio": {
                "account_sid": "AC" + "5" * 32,
                "auth_token": TOKEN,
                "from_number": "+15005550006",
                "base_url": carrier_url,
            },
            **channels,
        },
        **more,
    }
    place.config.write_text(tomli_w.dumps(config), encoding="utf-8")


def write_registry(path: Path, rows: village.Registry) -> None:
    """Write a registry file, in a folder made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    village.write(rows, path)
