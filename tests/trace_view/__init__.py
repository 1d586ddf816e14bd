"""Tests of trace_view/."""
