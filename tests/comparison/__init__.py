"""Tests of the comparison of two tracers."""
