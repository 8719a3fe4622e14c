"""How the gateway is watched over and kept running."""
