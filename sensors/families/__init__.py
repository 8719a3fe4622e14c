"""One module per device family, each with a `FAMILY`; found by walking this package."""

import importlib
import pkgutil

from sensors.family import Family


def discover() -> dict[str, Family]:
    """Give every family by its name; a module without a `FAMILY` only helps its neighbours."""
    families: dict[str, Family] = {}
    for found in pkgutil.iter_modules(__path__):
        family = getattr(importlib.import_module(f"{__name__}.{found.name}"), "FAMILY", None)
        if family is not None:
            assert isinstance(family, Family), found.name
            assert family.name not in families, family.name
            families[family.name] = family
    return families
