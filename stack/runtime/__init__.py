"""What any server needs: logging, metrics, loops, keyed queues, an LRU cache, masking.

Nothing here knows of clusters.
"""
