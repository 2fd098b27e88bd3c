"""A real key exchange between both rendered ends: two IKEv1 daemons in network namespaces.

`peer` says what a daemon is told, `office` and `cloud` read that from each end's own language,
`pairing` says which of them are played; `cause` and `said` read a daemon's log, `traffic` the pings
between both; `host` and `daemon` run them, `lab` joins them, `link` lets them follow the stand-ins.
"""
