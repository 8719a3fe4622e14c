"""The gateway with one thing made wrong, to show that the harness finds it.

`python -m tests.kill.mutant_gateway …` takes the words of the real command line and the names in
SMARTCARE_MUTANT, patches, and runs the real thing. Production code knows nothing of it.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable

from alerting.deadlines import Deadlines
from gateway import assembly, cli, journal, mqtt_link, pump, recovery, tables
from gateway.entries import OrderRow
from gateway.link import Receipt, Token
from gateway.log_port import Log
from tests.kill import power

SETTING = "SMARTCARE_MUTANT"


def _acknowledge_before_commit() -> None:
    """A message is acknowledged as soon as the pump sees it."""
    receive = pump.Pump._receive  # noqa: SLF001 -- a mutant may

    def early(self: pump.Pump, turn: pump.Turn, receipt: Receipt) -> None:
        self._links[receipt.token.link].acknowledge([receipt.token])
        receive(self, turn, receipt)

    pump.Pump._receive = early  # type: ignore[method-assign]  # noqa: SLF001


def _synchronous_normal() -> None:
    """A commit is written and left to the kernel."""
    prepare = journal._prepare  # noqa: SLF001

    def lazy(connection: sqlite3.Connection) -> None:
        prepare(connection)
        connection.execute("PRAGMA synchronous = NORMAL")

    journal._prepare = lazy  # noqa: SLF001


def _stale_acknowledgement() -> None:
    """A token counts on whatever connection there is."""

    def careless(self: mqtt_link.MqttLink, token: Token) -> bool:
        return self._ledger.strike(token.mid)

    mqtt_link.MqttLink._strikes = careless  # type: ignore[method-assign]  # noqa: SLF001


def _dropped_outbox_row() -> None:
    """The first order of every batch goes to the courier and not to the disk."""
    add = tables._add_orders  # noqa: SLF001

    def forgetful(connection: sqlite3.Connection, orders: list[OrderRow], now: object) -> None:
        add(connection, orders[1:], now)  # type: ignore[arg-type]

    tables._add_orders = forgetful  # noqa: SLF001


def _timer_in_memory() -> None:
    """A deadline lives in the heap alone and is not derived again from the state."""

    async def forgetful(log: Log, until_seq: int | None = None) -> recovery.Recovered:
        recovered = await rebuild(log, until_seq)
        recovered.engine._deadlines = Deadlines(recovered.engine._home_due)  # noqa: SLF001
        return recovered

    def lost(self: Deadlines, pressing: Iterable[str], others: Iterable[str]) -> None:
        del self, pressing, others

    rebuild = recovery.rebuild
    for user in (assembly, pump):
        setattr(user, "rebuild", forgetful)  # noqa: B010 -- they import it by name
    Deadlines.begin = lost  # type: ignore[method-assign]


MUTANTS: dict[str, Callable[[], None]] = {
    "acknowledge_before_commit": _acknowledge_before_commit,
    "synchronous_normal": _synchronous_normal,
    "stale_acknowledgement": _stale_acknowledgement,
    "dropped_outbox_row": _dropped_outbox_row,
    "timer_in_memory": _timer_in_memory,
}
CONDITIONS: dict[str, Callable[[], None]] = {**MUTANTS, "recorded_writes": power.record_writes}


def main() -> None:
    """Patch, then be the gateway."""
    for name in filter(None, os.environ.get(SETTING, "").split(",")):
        CONDITIONS[name]()
    cli.main()


if __name__ == "__main__":
    main()
