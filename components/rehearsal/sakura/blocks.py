"""Further address blocks of a router+switch, each routed to one address of its first block.

Source: sakura-vpcrouter-api 3.  That a block stays routed when nothing has the address of its next
hop, and which code a wrong next hop earns, is unverified.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Final

from .errors import Refused
from .network import PREFIX_LENGTHS, free_block, ready_internet, usable
from .request import DONE, Context, Reply, require
from .store import Block, Internet, Json

_NO_WRAPPER: Final = ""


def add(ctx: Context) -> Reply:
    """`POST /internet/{id}/subnet`: a block all of whose addresses may be used."""
    internet = ready_internet(ctx)
    length = require(ctx.body, "NetworkMaskLen", int, _NO_WRAPPER)
    if length not in PREFIX_LENGTHS:
        raise Refused("invalid_range", "NetworkMaskLen")
    next_hop = _next_hop(ctx, internet)
    network = free_block(ctx.state, length)
    block = Block(ctx.state.new_subnet_id(), str(network), next_hop)
    internet.blocks.append(block)
    return Reply(201, {"Subnet": _body(block), **DONE})


def update(ctx: Context) -> Reply:
    """`PUT /internet/{id}/subnet/{subnet}`: another next hop."""
    internet = ready_internet(ctx)
    block = _block(ctx, internet)
    block.next_hop = _next_hop(ctx, internet)
    return Reply(200, {"Subnet": _body(block), **DONE})


def delete(ctx: Context) -> Reply:
    """`DELETE /internet/{id}/subnet/{subnet}`."""
    internet = ready_internet(ctx)
    internet.blocks.remove(_block(ctx, internet))
    return Reply(200, dict(DONE))


def _block(ctx: Context, internet: Internet) -> Block:
    wanted = ctx.number("subnet")
    for block in internet.blocks:
        if block.id == wanted:
            return block
    raise Refused("not_found")


def _next_hop(ctx: Context, internet: Internet) -> str:
    text = require(ctx.body, "NextHop", str, _NO_WRAPPER)
    first, last = usable(IPv4Network(internet.network))
    try:
        address = IPv4Address(text)
    except ValueError:
        raise Refused("invalid_format", "NextHop") from None
    if not first <= address <= last:
        raise Refused("invalid_range", "NextHop")
    return str(address)


def _body(block: Block) -> Json:
    """A block with its addresses: objects, as the official Go client reads them."""
    return {
        **block.body,
        "IPAddresses": [{"IPAddress": str(a)} for a in IPv4Network(block.network)],
    }
