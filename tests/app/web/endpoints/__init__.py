"""Tests of the endpoints, one file a capability."""
