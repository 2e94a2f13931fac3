"""Thin routes over the service; HTTP is known here and nowhere below."""
