"""Pictures of every screen: from recorded answers of the product, so that each is the same at each run.

Here: the recording, the screens, the comparison with the reference pictures. tests/browser/test_pictures.py compares;
`python -m tests.screenshots` renews.
"""
