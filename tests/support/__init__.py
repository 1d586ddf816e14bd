"""What the tests share: real processes on free ports, and clients for them."""
