"""AWS's Invoke API in front of an emulator, which it starts, watches and restarts if asked to.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html

Made of the standard library alone: it is what listens in the function's own container, where
each further package would be one more that the function under test can import.
"""
