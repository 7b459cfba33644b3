package policyfile

// The keys of each kind of mapping.
var (
	topKeys = []string{"version", "people", "packs", "defaults", "watch", "watch_except", "rules"}

	// defaultKeys are the keys that rules may leave to the defaults.
	defaultKeys = []string{
		"approvers", "quorum", "self_approval", "expires_after", "tell_voters", "escalate_after", "escalate_to",
		"reason", "must_end", "longest_grant", "most_codes", "most_seats", "when_full",
	}
	ruleKeys = []string{
		"name", "groups", "codes", "requesters", "actions",
		"deny", "auto_approve", "approvers", "quorum", "stages", "self_approval", "expires_after",
		"tell_voters", "escalate_after", "escalate_to",
		"reason", "must_end", "longest_grant", "most_codes", "most_seats", "when_full",
	}
	stageKeys  = []string{"name", "approvers", "quorum"}
	reasonKeys = []string{"pattern", "hint"}

	// keysForAsking have an effect only in a rule that asks people,
	// keysForGranting only in a rule that can grant something.
	keysForAsking = []string{
		"approvers", "quorum", "stages", "self_approval", "tell_voters", "escalate_after", "escalate_to",
	}
	keysForGranting = []string{
		"auto_approve", "expires_after", "reason", "must_end", "longest_grant", "most_codes", "most_seats", "when_full",
	}

	caseFileKeys = []string{"version", "cases"}
	caseKeys     = []string{
		"name", "requester", "member_of", "group", "group_id", "action", "codes", "removed", "seats", "full", "duration",
		"held", "reason", "expect",
	}
	answerKeys = []string{"verdict", "refusal", "rule", "approvers", "quorum", "stages", "self_approval", "expires_after"}
)
