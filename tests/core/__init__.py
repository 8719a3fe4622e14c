"""The pure core, piece by piece, and what must hold whatever comes in."""
