"""What a modem's refusals and a call's ends mean for an attempt. Pure: tables.

Source: 3GPP TS 27.005 (+CMS ERROR), TS 27.007 (+CME ERROR), TS 24.011 annex E (the network's).
"""

from collections.abc import Mapping

from alerting.channels.contract import Submitted
from alerting.channels.modem.at import Answered
from alerting.event import Outcome

AGAIN_SECONDS = 5.0
"""How long to wait before the same modem is tried again for the same text."""

OF_TEXT: Mapping[int, Outcome] = {
    1: Outcome.RECIPIENT_FAULT,  # no such number
    28: Outcome.RECIPIENT_FAULT,  # nobody known to the network
    8: Outcome.CHANNEL_FAULT,  # barred by the operator: the card's debts
    10: Outcome.CHANNEL_FAULT,  # barred
    50: Outcome.CHANNEL_FAULT,  # texts are not in the contract
    69: Outcome.CHANNEL_FAULT,  # not offered by this network
    310: Outcome.CHANNEL_FAULT,  # no card
    311: Outcome.CHANNEL_FAULT,  # the card wants its PIN
    313: Outcome.CHANNEL_FAULT,  # the card is broken
    316: Outcome.CHANNEL_FAULT,  # the card wants its PUK
    330: Outcome.CHANNEL_FAULT,  # no service centre is known
    41: Outcome.RETRY,  # for the moment
    42: Outcome.RETRY,  # congestion
    38: Outcome.RETRY,  # the network is out of order
    47: Outcome.RETRY,  # no resources
    314: Outcome.RETRY,  # the card is busy
    331: Outcome.RETRY,  # no network
    332: Outcome.RETRY,  # the network did not answer
    500: Outcome.RETRY,  # the module's "unknown", mostly a network that is busy
    512: Outcome.RETRY,  # a module's own: not ready yet
    513: Outcome.RETRY,  # a module's own: no radio link
    514: Outcome.RETRY,
    515: Outcome.RETRY,  # a module's own: busy with something else
}

OF_CALL_END: Mapping[str, Outcome] = {
    "BUSY": Outcome.BUSY,
    "NO ANSWER": Outcome.NO_ANSWER,
    "NO DIALTONE": Outcome.NOT_SENT,
}

NO_CARD = frozenset({10, 11, 12, 13, 14, 15, 16, 17, 18})
"""+CME ERROR: the card is missing, locked or broken."""


def of_text(answered: Answered) -> Submitted:
    """Read what came of a text's part that was refused; nothing was sent."""
    detail = answered.final
    outcome = OF_TEXT.get(answered.code or -1, Outcome.UNDELIVERED)
    after = AGAIN_SECONDS if outcome is Outcome.RETRY else None
    return Submitted(outcome, None, detail, after)


def of_dialling(answered: Answered) -> Submitted:
    """Read what came of a call that the modem refused or that ended as it was placed."""
    detail = answered.final
    if answered.final.startswith("+CME ERROR") and answered.code in NO_CARD:
        return Submitted(Outcome.CHANNEL_FAULT, detail=detail)
    if answered.final.startswith(("+CM", "ERROR", "COMMAND")):
        return Submitted(Outcome.NOT_SENT, detail=detail)
    return Submitted(OF_CALL_END.get(answered.final, Outcome.UNDELIVERED), detail=detail)
