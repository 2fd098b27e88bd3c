"""Tomorrow's change, rehearsed on copies of both ends as they are today, between real IKE daemons.

`sources` says what the copies are made of, `copies` runs them, `course` does the change and lets
everything go wrong that a tunnel has to survive, `report` and `timeline` show what came of it.
"""
