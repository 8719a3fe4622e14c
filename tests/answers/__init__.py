"""Tests of what people and carriers send back over HTTP."""
