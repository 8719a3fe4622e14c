"""What `[channels.modem]` of the configuration may hold."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from alerting.channels import ChannelSettings

Path = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class ModemSettings(ChannelSettings):
    """One module with one card.

    `path` may be a pattern: the first match that opens is used, so that a module which comes back
    under another name is found.
    """

    path: Path
    baud: int = Field(default=115_200, ge=1200, le=4_000_000)
    family: Literal["auto", "simcom", "quectel"] = "auto"
    ring_seconds: float = Field(default=25.0, gt=0, le=120)
    key_seconds: float = Field(default=8.0, gt=0, le=60)
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
