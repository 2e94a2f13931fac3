"""Planspot: register a symbol from one example, find and count every copy of it on construction drawings."""
