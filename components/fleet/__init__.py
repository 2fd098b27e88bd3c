"""One command on many sites: what each became, side by side, and none at the cost of another.

`outcome` says what became of a site, `crew` works through sites a few at a time and stops when it
is told to, `stack` runs one site by Pulumi's Automation API, `examine` by the doctor, `record`
keeps what is done so that a later run can go on, `show` is the table.
"""
