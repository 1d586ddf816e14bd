"""Event source mappings: poll queues and streams of an AWS endpoint, and invoke as Lambda's pollers do."""
