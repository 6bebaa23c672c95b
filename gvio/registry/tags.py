"""Names of the tags that say what was decided about a version."""

DECISION = "decision"
EVIDENCE = "decision_reason"
DECIDED_AT = "decided_at"
REPLACED = "replaced"
RESTORED = "restored"
ROLLED_BACK = "rolled_back"
ROLLED_BACK_AT = "rolled_back_at"
UNFINISHED = "unfinished"

RESTORED_FROM = "rolled back from version"
"""How `restored` begins; `gvio.publish.moves.ROLLED_BACK` is the same, read from a manifest."""
