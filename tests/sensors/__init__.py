"""Tests of `sensors`: bytes in, readings out."""
