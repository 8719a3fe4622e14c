"""A village from a seed: the registry file that a gateway imports, and the households in it.

Theory of operation. `registry` draws one compound, home by home, from a single random stream, so
the same arguments always write the same file. Homes stand at scattered addresses of the compound
and neighbours are numbered along the same walk, so that a home is paired with people who live
near it. `write` spells the tables as TOML; `load` reads back only what a simulation needs.

Telephone numbers start at +86 160 0000 0001: they have the shape of a Chinese mobile number, but
160 is a segment that no carrier has been given, so a village pointed at a real carrier by mistake
rings nobody.
"""

import json
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

Row = dict[str, str | int | bool]
Registry = dict[str, list[Row]]

LIVING, BEDROOM, KITCHEN, BATHROOM, HALL = "客厅", "卧室", "厨房", "卫生间", "门厅"

FIRST_PHONE = 8616000000001
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋"
WOMEN = "桂英 秀兰 玉珍 淑华 凤英 玉兰 桂芳 素珍 秀英 月娥 春梅 惠芬 金花 美珍".split()  # noqa: SIM905
MEN = "建国 德明 国强 志明 福生 永康 大海 长根 文华 水根 德福 金生 学文 宝林".split()  # noqa: SIM905
YOUNG = "晓红 丽娟 小燕 海霞 敏 静 志强 伟 军 勇 建平 晓东 斌 磊".split()  # noqa: SIM905
NOTES = ("高血压", "糖尿病,用胰岛素", "冠心病,装过支架", "听力差,请大声", "膝盖不好,走得慢")
ROOMS_PER_FLOOR, FLOORS, UNITS = 3, 6, 2
ROOMS_PER_BUILDING = ROOMS_PER_FLOOR * FLOORS * UNITS
NEAR = 4
DETECTORS = (("gas", KITCHEN, 0.4), ("co", KITCHEN, 0.1), ("leak", BATHROOM, 0.2))
"""Which class stands in which room, in how many of the homes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One claimed device of the registry."""

    id: str
    home: str
    device_class: str
    room: str
    secret: str


@dataclass(frozen=True, slots=True)
class Household:
    """One home and its devices, as a simulation needs them."""

    id: str
    devices: tuple[Entry, ...]

    def of_class(self, *names: str) -> tuple[Entry, ...]:
        """Give the home's devices of these classes, in registry order."""
        return tuple(entry for entry in self.devices if entry.device_class in names)


def registry(homes: int, seed: int, neighbours: int) -> Registry:
    """Draw a village; the same arguments give the same tables, in the order they are written."""
    rng = Random(f"village/{seed}")
    phones = (f"+{number}" for number in count(FIRST_PHONE))
    tables: Registry = {
        "homes": [],
        "residents": [],
        "devices": [],
        "responders": [*_staffed(phones), *_neighbours(rng, neighbours, phones)],
        "pairings": [],
    }
    people = count(1)
    places = sorted(rng.sample(range(homes * 4), homes))
    for number, place in enumerate(places, start=1):
        home = _home(rng, f"h{number:04}", place)
        residents = _residents(rng, str(home["id"]), people, phones)
        family = _relative(rng, number, str(residents[0]["name"]), phones)
        near = _near(rng, number * neighbours // (homes + 1), neighbours)
        ladder = [*(f"n{index + 1:02}" for index in near), "p01", str(family["id"])]
        home["key_holder"] = str(tables["responders"][2 + near[0]]["name"]) if near else "东门岗亭"
        tables["homes"].append(home)
        tables["residents"] += residents
        tables["devices"] += _devices(rng, str(home["id"]), str(residents[0]["id"]))
        tables["responders"].append(family)
        tables["pairings"] += [
            {"home": str(home["id"]), "responder": responder, "rank": rank}
            for rank, responder in enumerate(ladder, start=1)
        ]
    return tables


def write(tables: Registry, path: Path) -> None:
    """Write the tables as a registry file (TOML, UTF-8)."""
    spell = json.JSONEncoder(ensure_ascii=False).encode
    with path.open("w", encoding="utf-8") as file:
        file.write("version = 1\n")
        for name, rows in tables.items():
            for row in rows:
                # A JSON string, number or boolean is spelled the same in TOML.
                pairs = (f"{key} = {spell(value)}\n" for key, value in row.items())
                file.write(f"\n[[{name}]]\n{''.join(pairs)}")


def load(path: Path) -> list[Household]:
    """Read a registry file's households; raises OSError or tomllib.TOMLDecodeError."""
    return households(tomllib.loads(path.read_text(encoding="utf-8")))


def households(tables: Mapping[str, list[Row]]) -> list[Household]:
    """Group the devices of our own family by home, in registry order."""
    by_home: defaultdict[str, list[Entry]] = defaultdict(list)
    for row in tables["devices"]:
        if row["family"] == "own":
            by_home[str(row["home"])].append(
                Entry(
                    str(row["id"]),
                    str(row["home"]),
                    str(row["class"]),
                    str(row.get("room", "")),
                    str(row.get("secret", "")),
                )
            )
    return [Household(str(home["id"]), tuple(by_home[str(home["id"])])) for home in tables["homes"]]


def _staffed(phones: Iterator[str]) -> list[Row]:
    return [
        {"id": "d01", "name": "值守台", "role": "desk", "phone": next(phones)},
        {"id": "p01", "name": "东门岗亭", "role": "post", "phone": next(phones)},
    ]


def _neighbours(rng: Random, neighbours: int, phones: Iterator[str]) -> Iterator[Row]:
    for number in range(1, neighbours + 1):
        row: Row = {
            "id": f"n{number:02}",
            "name": rng.choice(SURNAMES) + rng.choice(WOMEN + MEN + YOUNG),
            "role": "neighbour",
            "phone": next(phones),
        }
        # Only the limits are written: true is what the registry takes when a flag is absent.
        chances = {"at_night": 0.4, "stairs": 0.2, "lifts": 0.3}
        yield row | {flag: False for flag, chance in chances.items() if rng.random() < chance}


def _relative(rng: Random, number: int, resident: str, phones: Iterator[str]) -> Row:
    name = resident[0] + rng.choice(YOUNG)
    return {"id": f"f{number:04}", "name": name, "role": "family", "phone": next(phones)}


def _near(rng: Random, centre: int, neighbours: int) -> list[int]:
    """Pick two to four neighbours (fewer if there are fewer) round a place on the walk."""
    first = max(0, min(centre - NEAR, neighbours - 2 * NEAR))
    window = range(first, min(neighbours, first + 2 * NEAR))
    chosen = rng.sample(window, min(len(window), rng.randint(2, 4)))
    return sorted(chosen, key=lambda index: (abs(index - centre), index))


def _home(rng: Random, home_id: str, place: int) -> Row:
    building, inside = divmod(place, ROOMS_PER_BUILDING)
    unit, inside = divmod(inside, ROOMS_PER_FLOOR * FLOORS)
    floor, room = divmod(inside, ROOMS_PER_FLOOR)
    return {
        "id": home_id,
        "compound": "桂花苑",
        "building": f"{building + 1}栋",
        "unit": f"{unit + 1}单元",
        "room": f"{floor + 1}{room + 1:02}",
        "floor": floor + 1,
        "lift": building % 3 == 0,
        "gate": rng.choice(("东门", "南门")),
        "district": "示范区",
        "street": "桂花街道",
    }


def _residents(rng: Random, home: str, people: Iterator[int], phones: Iterator[str]) -> list[Row]:
    sexes = rng.choice((("f",), ("f",), ("m",), ("f", "m")))
    rows: list[Row] = []
    for sex in sexes:
        surname, birth_year = rng.choice(SURNAMES), rng.randint(1932, 1952)
        elder = {"f": ("奶奶", "阿姨"), "m": ("爷爷", "大爷")}[sex]
        row: Row = {
            "id": f"r{next(people):04}",
            "home": home,
            "name": surname + rng.choice(WOMEN if sex == "f" else MEN),
            "called": surname + elder[birth_year > 1942],  # noqa: PLR2004
            "phone": next(phones),
            "birth_year": birth_year,
            "sex": sex,
        }
        row |= {flag: True for flag in ("deaf", "no_speech") if rng.random() < 0.05}  # noqa: PLR2004
        if rng.random() < 0.5:  # noqa: PLR2004
            row["health_note"] = rng.choice(NOTES)
        rows.append(row)
    return rows


def _devices(rng: Random, home: str, resident: str) -> list[Row]:
    """Fit out a home: the classes every home has, and those that some have."""
    fitted = [
        (f"smoke-{home}", "smoke", KITCHEN),
        (f"pir-{home}-living", "pir", LIVING),
        (f"pir-{home}-bedroom", "pir", BEDROOM),
    ]
    if rng.random() < 0.5:  # noqa: PLR2004
        fitted.append((f"pir-{home}-bathroom", "pir", BATHROOM))
    wears_band = rng.random() < 0.4  # noqa: PLR2004
    fitted.append(
        (f"band-{resident}", "wristband", "")
        if wears_band
        else (f"help-{home}", "help_button", BEDROOM)
    )
    fitted.append((f"door-{home}", "contact", HALL))
    if rng.random() < 0.3:  # noqa: PLR2004
        fitted.append((f"temp-{home}", "temperature", LIVING))
    for name, room, chance in DETECTORS:
        if rng.random() < chance:
            fitted.append((f"{name}-{home}", name, room))
    rows: list[Row] = []
    for device, device_class, room in fitted:
        place: Row = {"room": room} if room else {"resident": resident}
        start: Row = {"id": device, "family": "own", "home": home, "class": device_class}
        rows.append({**start, **place, "secret": f"{rng.getrandbits(96):024x}"})
    return rows
