//go:build linux

package chaos

// A Mutant is a defect that somebody might write.
type Mutant struct {
	Name   string
	Breaks string   // the promise
	Shows  []string // the rules of the judge, any of which catches it
	Edits  []Replacement
}

// A Replacement changes one place of a source file: Old must be in it exactly
// once.
type Replacement struct{ File, Old, New string }

// Mutants lists the defects that the suite is tried on.
func Mutants() []Mutant {
	return []Mutant{
		{"ack before commit", "what is acknowledged is durable", []string{"acknowledged, neither a card nor a word"}, []Replacement{{
			"bot/intake.go",
			"	request, _, err := in.Store.File(ctx, approvals.Request{\n" +
				"		ID: approvals.NewID(), Envelope: env.ID, Requester: typed.UserID, Origin: typed.ChannelID,\n" +
				"		Channel: in.Words.Channel, Ask: ask, Terms: in.Terms,\n" +
				"	})\n",
			"	var err error\n" +
				"	request := approvals.Request{\n" +
				"		ID: approvals.NewID(), Envelope: env.ID, Requester: typed.UserID, Origin: typed.ChannelID,\n" +
				"		Channel: in.Words.Channel, Ask: ask, Terms: in.Terms,\n" +
				"	}\n" +
				"	go func() { _, _, _ = in.Store.File(context.WithoutCancel(ctx), request) }()\n",
		}}},
		{"recorded although it was not", "a command that could not be stored is not acknowledged as recorded", []string{"acknowledged, neither a card nor a word"}, []Replacement{{
			"bot/intake.go",
			"		return in.Words.NotStored()\n	}\n	in.Receipts.Keep",
			"	}\n	in.Receipts.Keep",
		}, {
			"internal/store/requests.go",
			"	return filed, again, err\n}\n\n// Request reads",
			"	filed = r\n	return filed, again, err\n}\n\n// Request reads",
		}}},
		{"a redelivered envelope files again", "one envelope, one request", []string{"one command, several requests"}, []Replacement{{
			"bot/intake.go",
			"ID: approvals.NewID(), Envelope: env.ID,",
			"ID: approvals.NewID(), Envelope: env.ID + approvals.NewID(),",
		}}},
		{"owed work is lost on restart", "what is owed survives a restart", []string{"acknowledged, neither a card nor a word", "a card without an end", "the card does not show its end"}, []Replacement{{
			"internal/store/store.go",
			"`UPDATE owed SET leased = 0, due_at = $1 WHERE leased = 1`, micros(s.now())",
			"`DELETE FROM owed WHERE leased = 1`",
		}}},
		{"settling drops what was owed meanwhile", "an older want settles nothing newer", []string{"a card without an end", "the card does not show its end"}, []Replacement{{
			"internal/store/owed.go",
			"`DELETE FROM owed WHERE id = $1 AND attempt = $2 AND wanted = $3`",
			"`DELETE FROM owed WHERE id = $1 AND attempt = $2 AND wanted >= $3`",
		}}},
		{"no fence, and a lease shorter than a call", "whoever lost a lease does and settles nothing", []string{"several cards", "several ends", "two writes to one group at once"}, []Replacement{{
			"approvals/workers.go",
			"lease      = 60 * time.Second",
			"lease      = 200 * time.Millisecond",
		}, {
			"internal/store/owed.go",
			"		err = approvals.ErrLost\n",
			"		err = nil\n",
		}}},
		{"tried is not recorded", "an attempt is recorded before it is made", []string{"several cards", "several ends"}, []Replacement{{
			"internal/store/owed.go",
			"tried_at = coalesce(tried_at, $3)",
			"tried_at = tried_at",
		}}},
		{"no look before a repost", "a post in doubt is looked for before it is repeated", []string{"several cards", "several ends"}, []Replacement{{
			"approvals/say.go",
			"	if !t.Tried.IsZero() {\n		ts, found, err := w.Announcer.Find(ctx, r, t.Kind, t.Tried)",
			"	if r.ID == \"\" {\n		ts, found, err := w.Announcer.Find(ctx, r, t.Kind, t.Tried)",
		}}},
		{"no lane for writes", "two writes to one group never overlap", []string{"two writes to one group at once", "a write took away what was there"}, []Replacement{{
			"approvals/owed.go",
			"		return \"rule \" + r.Proposal.Group.ID\n",
			"		return \"\"\n",
		}}},
		{"votes are not looked at again", "consent is looked at right before the write", []string{"a write without consent"}, []Replacement{{
			"approvals/apply.go",
			"	ballots, err := w.recheck(ctx, r)\n",
			"	var ballots []Ballot\n	var err error\n	for _, v := range r.Votes {\n		ballots = append(ballots, Ballot{User: v.User, Standing: Counts})\n	}\n",
		}}},
		{"a withdrawn reaction counts on", "consent that was taken back is none", []string{"a write without consent"}, []Replacement{{
			"approvals/weigh.go",
			"	return w.ballots(ctx, r, shown, personAgeAtWrite, groupAgeAtWrite)\n",
			"	heard, err := w.Store.Reactions(ctx, r.Channel, r.CardTS)\n	if err != nil {\n		return nil, err\n	}\n	return w.ballots(ctx, r, heard, personAgeAtWrite, groupAgeAtWrite)\n",
		}, {
			"internal/store/reactions.go",
			"`UPDATE reactions SET present = 0\n			WHERE",
			"`UPDATE reactions SET present = present\n			WHERE",
		}, {
			"bot/intake.go",
			"Present: e.Type == \"reaction_added\",",
			"Present: true,",
		}}},
		{"a denial is ignored", "one denial is enough", []string{"a write without consent"}, []Replacement{{
			"approvals/vote.go",
			"		if b.Deny && b.Standing == Counts {\n",
			"		if b.Deny && b.Standing == Counts && b.User == \"\" {\n",
		}}},
		{"self-approval", "nobody approves their own request", []string{"a write without consent"}, []Replacement{{
			"approvals/vote.go",
			"	case person.ID == r.Requester:\n		return IsRequester\n",
			"",
		}}},
		{"one approval is enough", "a quorum agrees", []string{"a write without consent"}, []Replacement{{
			"approvals/weigh.go",
			">= r.Terms.Quorum",
			">= 1",
		}, {
			"approvals/next.go",
			"	case len(r.Votes) >= r.Terms.Quorum:\n",
			"	case len(r.Votes) >= 1:\n",
		}}},
		{"rights as they were", "who may approve is asked again before the write", []string{"a write without consent"}, []Replacement{{
			"approvals/weigh.go",
			"groupAgeAtWrite  = 3 * time.Second\n	personAgeAtWrite = 0\n",
			"groupAgeAtWrite  = time.Hour\n	personAgeAtWrite = time.Hour\n",
		}, {
			"bot/directory.go",
			"	delete(d.groups, group)\n",
			"	_ = d.groups[group]\n",
		}}},
		{"success told before the write", "no success word before the effect", []string{"success told before the effect", "the card said done before it was"}, []Replacement{{
			"approvals/apply.go",
			"	t.Tried = r.Decided // any time but zero: from here on it was tried\n",
			"	t.Tried = r.Decided\n	if err := w.step(ctx, r, Settled{State: Done, Outcome: Outcome{Reason: ReasonConfirmed, Codes: target.Codes}}, nil); err != nil {\n		return err\n	}\n",
		}}},
		{"the answer is not compared", "success is what UiPath confirmed", []string{"claimed a rule that never was", "success told before the effect"}, []Replacement{{
			"approvals/apply.go",
			"	if SameSet(answer.Codes, target.Codes) {\n",
			"	if answer.Codes = target.Codes; true {\n",
		}}},
		{"replaced instead of merged", "a write keeps what is there", []string{"a write took away what was there"}, []Replacement{{
			"approvals/request.go",
			"	target.Codes = Union(Without(now.Codes, c.Remove), c.Add)\n",
			"	target.Codes = c.Add\n",
		}}},
		{"an unknown outcome is a failure", "unknown is not said to be undone", []string{"said that nothing was changed"}, []Replacement{{
			"approvals/apply.go",
			"	if errors.As(err, &refusal) {\n		return w.settle(ctx, t, r, Failed, Outcome{Reason: ReasonUiPathRefused, Said: refusal.Said})\n	}\n",
			"	if errors.As(err, &refusal) || !t.Tried.IsZero() {\n		return w.settle(ctx, t, r, Failed, Outcome{Reason: ReasonUiPathRefused, Said: reasonOf(err)})\n	}\n",
		}}},
		{"no lane for a thread", "what is said in a thread keeps its order", []string{"spoke after the end"}, []Replacement{{
			"approvals/owed.go",
			"		return \"thread \" + r.ID\n",
			"		return \"\"\n",
		}}},
	}
}
