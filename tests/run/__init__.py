"""Tests of ./run.sh."""
