"""Known-truth worlds, written as region packs."""
