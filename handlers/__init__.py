"""Tornado lives here and nowhere else: HTTP, WebSocket, pages."""
