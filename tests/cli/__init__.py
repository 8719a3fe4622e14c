"""The operator's way in: the control socket, the operations behind it, and the command line."""
