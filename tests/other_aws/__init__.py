"""The product as in production, on an AWS that this project has not written: see `make test-other-aws`."""
