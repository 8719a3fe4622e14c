"""The daemon: links, journal, courier, console and command line."""
