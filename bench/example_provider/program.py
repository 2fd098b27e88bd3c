"""The program: as many resources as a site has, of the same kinds, each after the one before."""

from __future__ import annotations

import pulumi

NOTES = 5


class Note(pulumi.CustomResource):
    """A text; `address` is known only after it was made."""

    address: pulumi.Output[str]

    def __init__(self, name: str, text: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__("example:index:Note", name, {"text": text, "address": None}, opts)


class Notes(pulumi.ComponentResource):
    """All of them, under one parent and by one provider."""

    def __init__(self) -> None:
        super().__init__("example:index:Notes", "notes", {})
        provider = pulumi.ProviderResource(
            "example", "access", {}, pulumi.ResourceOptions(parent=self)
        )
        opts, text = (
            pulumi.ResourceOptions(parent=self, provider=provider),
            pulumi.Output.from_input("one"),
        )
        for number in range(NOTES):
            text = Note(f"note-{number}", text, opts).address
        self.register_outputs({"address": text})
        pulumi.export("address", text)


Notes()
