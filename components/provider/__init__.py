"""The Pulumi provider plugin `sakurartx`."""
