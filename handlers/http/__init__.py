"""The HTTP server: its bounds, its connections and the requests in flight.

What a request means is in the other rooms.
"""
