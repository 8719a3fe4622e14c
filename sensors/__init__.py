"""What a device says: pure decoding from bytes to readings."""
