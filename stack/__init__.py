"""The domain: what a desired state is, and what is done about it. Nothing here knows of Tornado."""
