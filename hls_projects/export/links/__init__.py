"""Which value lies in which bits of which link."""
