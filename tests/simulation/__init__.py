"""The whole data path of the gateway in simulated time, from one seed, with faults.

Theory of operation. `loop` runs the gateway's own coroutines on one thread and jumps from timer to
timer, so that an hour costs what happens in it. The world around the gateway stands beside it and
survives its crashes: `broker` and its link, `carrier` with the people's phones, `village` with the
registry, and the journal's tables in memory. `box` is one life of the gateway, from its start to
its end; `plan` draws what goes wrong from the seed, `faults` carries it out, `invariants` says what
must hold, and `world` puts all of it together. `mutants` are the gateways that must fail.

Nothing here draws a random number that does not come from the seed, so a seed is a whole run.
"""
