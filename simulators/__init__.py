"""The outside world on the wire: villages of devices, neighbours with phones, a carrier.

Nothing here imports the gateway and nothing in the gateway imports this, so an encoder and a
decoder that are wrong in the same way cannot agree with each other.
"""
