"""Faithful stand-ins for the vendors' HTTP APIs, usable as servers and in process."""
