"""The one error a decoder or framer may raise."""


class DecodeError(ValueError):
    """Input that is not what its family says it is.

    `code` is a stable word for counters and quarantine (`malformed_payload`, `bad_topic`,
    `unknown_kind`, `bad_value`, `bad_unit`, `too_long`, `bad_checksum`, …); `detail` says what
    was found, for a person, cut to 200 characters and never with the whole payload.
    """

    def __init__(self, code: str, detail: str) -> None:
        """Keep the code and a bounded detail."""
        super().__init__(f"{code}: {detail[:200]}")
        self.code = code
        self.detail = detail[:200]
