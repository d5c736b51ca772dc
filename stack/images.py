"""Image references taken apart."""
