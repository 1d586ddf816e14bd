"""Tests of the Lambda function."""
