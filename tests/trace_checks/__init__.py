"""Tests of trace_checks."""
