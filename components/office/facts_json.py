"""The facts of a configuration as a JSON object, in the words of its lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .facts import Facts, Gateway, Policy, Tunnel


def as_json(facts: Facts) -> dict[str, Any]:
    """The facts as a JSON object; what is not in the text has no key.  Keys are in plain."""
    used = facts.used
    static, dynamic = facts.undefined_filters
    return _present(
        {
            "tunnels": [_tunnel_json(tunnel) for tunnel in facts.tunnels],
            "gateways": [_gateway_json(gateway) for gateway in facts.gateways],
            "sa_policies": [_policy_json(policy) for policy in facts.policies],
            "ipsec_auto_refresh": facts.auto_refresh or "off (default)",
            "ipsec_transport": list(facts.transport) or None,
            "routes": list(facts.routes),
            "used": _present(
                {
                    "tunnels": list(used.tunnels),
                    "gateway_ids": list(used.gateways),
                    "policy_ids": list(used.policies),
                    "ip_filter_static": list(used.filters),
                    "ip_filter_dynamic": list(used.dynamic_filters),
                    "ipv6_filter_static": list(used.ipv6_filters) or None,
                    "ipv6_filter_dynamic": list(used.ipv6_dynamic_filters) or None,
                    "nat_masquerade_static_entries": {
                        str(descriptor): list(entries)
                        for descriptor, entries in sorted(used.nat_statics.items())
                    },
                    "schedule_ids": list(used.schedules),
                    "ip_keepalive_ids": list(used.keepalives),
                }
            ),
            "reserved_by_template": _reserved_json(facts.reserved),
            "referenced_but_undefined_filters": {
                "static": list(static),
                "dynamic": list(dynamic),
            },
            "lowest_free": {"tunnel": facts.free_tunnel, "gateway_id": facts.free_gateway},
        }
    )


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _reserved_json(reserved: tuple[int, ...]) -> dict[str, list[int]] | None:
    spaces = ("tunnels", "gateway_ids", "policy_ids")
    return {space: list(reserved) for space in spaces} if reserved else None


def _tunnel_json(tunnel: Tunnel) -> dict[str, Any]:
    mtu = tunnel.values.get("mtu")
    return _present(
        {
            "tunnel": tunnel.number,
            "enabled": tunnel.enabled,
            "policy_id": tunnel.policy,
            "gateway_id": tunnel.gateway,
            "encapsulation": tunnel.encapsulation,
            **tunnel.values,
            "mtu": int(mtu) if mtu and mtu.isdecimal() else mtu,
            "routes": list(tunnel.routes) or None,
        }
    )


def _gateway_json(gateway: Gateway) -> dict[str, Any]:
    psk = gateway.psk
    shown = _present({"form": psk.form, "value": psk.value}) if psk else None
    return _present({"gateway_id": gateway.number, **gateway.values, "psk": shown})


def _policy_json(policy: Policy) -> dict[str, Any]:
    return _present(
        {
            "policy_id": policy.number,
            "gateway_id": policy.gateway,
            "protocol": policy.protocol,
            "algorithms": list(policy.algorithms),
            "options": list(policy.options) or None,
        }
    )
