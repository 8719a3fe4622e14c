"""The tables of `config.toml` that say who watches over the box, and whom it tells of itself."""

from gateway.config_values import (
    Command,
    Loopback,
    Name,
    PingSeconds,
    PollSeconds,
    Port,
    Table,
    Text,
    WebAddress,
)


class Monitoring(Table):
    """The port for `/metrics` and `/healthz`; none is opened where none is named."""

    host: Loopback = "127.0.0.1"
    port: Port | None = None


class Ups(Table):
    """The UPS the box stands on, by NUT's daemon; none is asked where none is named."""

    name: Name | None = None
    host: Text = "127.0.0.1"
    port: Port = 3493
    poll_seconds: PollSeconds = 5.0


class Heartbeat(Table):
    """An address outside, called while all is well, that rings somebody when the calls stop."""

    url: WebAddress | None = None
    every_seconds: PingSeconds = 60.0


class Announce(Table):
    """What is run on this box when no alarm could reach anybody; a loudspeaker, for one."""

    command: Command | None = None
