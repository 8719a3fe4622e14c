"""Sans-I/O framers: bytes in any split go in, whole frames come out."""
