"""Gateways with one mistake each. A simulation that does not turn red for them proves nothing."""

from collections.abc import Iterable

from alerting.effect import Effect, Medium, Submit
from gateway.courier import Courier
from gateway.entries import OrderState, StoredOrder
from gateway.link import Receipt, Token
from gateway.log_port import Log
from gateway.pump import Pump, Turn
from gateway.recovery import Recovered, rebuild
from tests.simulation.box import Parts
from tests.simulation.link import BrokerLink


class HastyPump(Pump):
    """Acknowledges what it has heard before it is committed."""

    def _receive(self, turn: Turn, receipt: Receipt) -> None:
        super()._receive(turn, receipt)
        for name, tokens in turn.tokens.items():
            if name in self._links:
                self._links[name].acknowledge(tokens)
        turn.tokens.clear()


class StaleLink(BrokerLink):
    """Honours tokens of connections that are over, whose packet ids are now others'."""

    def acknowledge(self, tokens: list[Token]) -> None:
        """Acknowledge whatever it is given."""
        super().acknowledge([token._replace(connection=self.connection) for token in tokens])


class ForgetfulCourier(Courier):
    """Loses the last of many orders that come at once."""

    def take(self, effects: Iterable[Effect]) -> None:
        """Queue all but the last, where there are more than three."""
        taken = list(effects)
        super().take(taken[:-1] if len(taken) > 3 else taken)


class BoldCourier(Courier):
    """Posts calls without having committed that it is about to."""

    async def _commit_calls(self, calls: list[Effect]) -> list[Effect]:
        return calls


class RepeatingCourier(Courier):
    """Posts a call again that was about to be posted when the last life ended."""

    def _take_up(self, stored: StoredOrder, submit: Submit) -> None:
        if submit.medium is Medium.VOICE and stored.state is OrderState.SENDING:
            self._enqueue(submit)
        else:
            super()._take_up(stored, submit)


async def rebuild_without_timers(log: Log) -> Recovered:
    """Rebuild the state but for what it was waiting for: timers that lived in memory only."""
    recovered = await rebuild(log)
    for home in recovered.engine.homes.values():
        for alarm in home.alarms.values():
            alarm.window_due = alarm.ladder_due = alarm.lease_due = alarm.outcome_due = None
            for notification in alarm.notifications.values():
                notification.due = notification.again_at = notification.look_up_at = None
    return recovered


MUTANTS: dict[str, Parts] = {
    "acknowledges_before_commit": Parts(pump=HastyPump),
    "honours_stale_tokens": Parts(link=StaleLink),
    "drops_an_order": Parts(courier=ForgetfulCourier),
    "posts_before_sending_is_committed": Parts(courier=BoldCourier),
    "posts_again_after_a_restart": Parts(courier=RepeatingCourier),
    "keeps_timers_in_memory_only": Parts(rebuild=rebuild_without_timers),
}
"""By what they do wrong."""
