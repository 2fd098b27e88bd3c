"""A real key exchange between both rendered ends: two IKEv1 daemons in network namespaces.

`peer` says what a daemon is told, `office` and `cloud` read that from each end's own language,
`cause` reads a daemon's log, `host` and `daemon` run them, `lab` joins them.
"""
