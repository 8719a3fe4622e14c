"""A carrier that behaves like Twilio on the wire, with phones at its far end.

`records` is what it keeps and which states follow which, `refusals` what it will not take,
`twiml` what a voice document makes a call do: all pure. `exchange` and `conversation` move texts
and calls along, `webhooks` tells the customer, `rest` and `control` are the two HTTP faces, and
`server` binds them to sockets.
"""

from simulators.carrier.faults import Fault
from simulators.carrier.server import Carrier
from simulators.carrier.settings import Settings

__all__ = ["Carrier", "Fault", "Settings"]
