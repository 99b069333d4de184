"""The forms of a design: unrolled, streamed, and with candidates some a clock."""
