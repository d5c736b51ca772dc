"""The live channel as a WebSocket.

What is sent is decided in stack/live/.
"""
