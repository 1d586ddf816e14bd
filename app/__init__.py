"""The weblog's Lambda function: the only Python of ours that runs inside Lambda."""
