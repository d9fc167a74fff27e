"""The rules, pure: standard library only, no clock, no random, no environment, no input or output."""
