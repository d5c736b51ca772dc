"""The embedded AWS of PROFILE=local and of the tests; imported only for these."""
