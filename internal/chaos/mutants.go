//go:build linux

package chaos

// A Mutant is a defect that somebody might write.
type Mutant struct {
	Name   string
	Breaks string   // the promise
	Shows  []string // the rules of the judge, any of which catches it
	Edits  []Replacement

	Store    string // on which it shows; empty: SQLite
	Replicas int    // default 1
}

// A Replacement changes one place of a source file: Old must be in it exactly
// once.
type Replacement struct{ File, Old, New string }

// Mutants lists the defects that the suite is tried on.
func Mutants() []Mutant { return append(anywhereMutants(), sharedMutants()...) }

// anywhereMutants show with one process and its own database.
func anywhereMutants() []Mutant {
	return []Mutant{
		{Name: "ack before commit", Breaks: "what is acknowledged is durable", Shows: []string{"acknowledged, neither a card nor a word"}, Edits: []Replacement{{
			"bot/interact.go",
			"	request, again, err := in.Store.File(ctx, approvals.Request{",
			"	again, err := false, error(nil)\n	request := in.later(ctx, approvals.Request{",
		}, {
			"bot/intake.go",
			"// maxAhead bounds",
			"func (in *Intake) later(ctx context.Context, r approvals.Request) approvals.Request {\n" +
				"	go func() { _, _, _ = in.Store.File(context.WithoutCancel(ctx), r) }()\n" +
				"	return r\n}\n\n// maxAhead bounds",
		}}},
		{Name: "recorded although it was not", Breaks: "a command that could not be stored is not acknowledged as recorded", Shows: []string{"acknowledged, neither a card nor a word"}, Edits: []Replacement{{
			"internal/store/requests.go",
			"if errors.Is(err, approvals.ErrUncertain) && s.holds(ctx, r.ID) {\n",
			"if err != nil {\n		filed = r\n",
		}}},
		{Name: "a redelivered envelope files again", Breaks: "one envelope, one request", Shows: []string{"one command, several requests"}, Edits: []Replacement{{
			"bot/interact.go",
			"ID: approvals.NewID(), Envelope: env.ID,",
			"ID: approvals.NewID(), Envelope: env.ID + approvals.NewID(),",
		}}},
		{Name: "owed work is lost on restart", Breaks: "what is owed survives a restart", Shows: []string{"acknowledged, neither a card nor a word", "a card without an end", "the card does not show its end"}, Edits: []Replacement{{
			"internal/store/sqlite.go",
			"UPDATE owed SET leased = 0, due_at = $1 WHERE leased = 1",
			"DELETE FROM owed WHERE leased = 1 AND $1 > 0",
		}}},
		{Name: "settling drops what was owed meanwhile", Breaks: "an older want settles nothing newer", Shows: []string{"a card without an end", "the card does not show its end"}, Edits: []Replacement{{
			"internal/store/owed.go",
			"`DELETE FROM owed WHERE id = $1 AND attempt = $2 AND leased = 1 AND wanted = $3`",
			"`DELETE FROM owed WHERE id = $1 AND attempt = $2 AND leased = 1 AND wanted >= $3`",
		}}},
		{Name: "no fence, and a lease shorter than a call", Breaks: "whoever lost a lease does and settles nothing", Shows: []string{"several cards", "several ends", "two writes to one group at once"}, Edits: []Replacement{{
			"approvals/workers.go",
			"lease      = 60 * time.Second",
			"lease      = 200 * time.Millisecond",
		}, {
			"internal/store/owed.go",
			"		err = approvals.ErrLost\n",
			"		err = nil\n",
		}}},
		{Name: "tried is not recorded", Breaks: "an attempt is recorded before it is made", Shows: []string{"several cards", "several ends"}, Edits: []Replacement{{
			"internal/store/owed.go",
			"tried_at = coalesce(tried_at, $3)",
			"tried_at = tried_at",
		}}},
		{Name: "no look before a repost", Breaks: "a post in doubt is looked for before it is repeated", Shows: []string{"several cards", "several ends"}, Edits: []Replacement{{
			"approvals/say.go",
			"	if !t.Tried.IsZero() {\n		ts, found, err := w.Announcer.Find(ctx, r, t.Owed, t.Tried)",
			"	if r.ID == \"\" {\n		ts, found, err := w.Announcer.Find(ctx, r, t.Owed, t.Tried)",
		}}},
		{Name: "no lane for writes", Breaks: "two writes to one group never overlap", Shows: []string{"two writes to one group at once", "a write took away what was there"}, Edits: []Replacement{{
			"approvals/owed.go",
			"		return \"rule \" + r.Proposal.Group.ID\n",
			"		return \"\"\n",
		}}},
		{Name: "votes are not looked at again", Breaks: "consent is looked at right before the write", Shows: []string{"a write without consent"}, Edits: []Replacement{{
			"approvals/apply.go",
			"	ballots, err := w.recheck(ctx, r)\n",
			"	var ballots []Ballot\n	var err error\n	for _, v := range r.Votes {\n		ballots = append(ballots, Ballot{User: v.User, Standing: Counts, Stages: v.Stages})\n	}\n",
		}}},
		{Name: "a withdrawn reaction counts on", Breaks: "consent that was taken back is none", Shows: []string{"a write without consent"}, Edits: []Replacement{{
			"approvals/weigh.go",
			"dated(shown, heard)",
			"heard",
		}, {
			"internal/store/reactions.go",
			"UPDATE reactions SET present = 0",
			"UPDATE reactions SET present = present",
		}, {
			"bot/intake.go",
			"Present: e.Type == \"reaction_added\",",
			"Present: true,",
		}}},
		{Name: "a denial is ignored", Breaks: "one denial is enough", Shows: []string{"a write without consent"}, Edits: []Replacement{{
			"approvals/vote.go",
			"		if b.Deny && b.Standing == Counts {\n",
			"		if b.Deny && b.Standing == Counts && b.User == \"\" {\n",
		}}},
		{Name: "self-approval", Breaks: "nobody approves their own request", Shows: []string{"a write without consent"}, Edits: []Replacement{{
			"approvals/vote.go",
			"!r.Terms.SelfApproval",
			"r.Terms.SelfApproval",
		}}},
		{Name: "one approval is enough", Breaks: "a quorum agrees", Shows: []string{"a write without consent"}, Edits: []Replacement{{
			"approvals/stages.go",
			"max(1, s.Quorum)",
			"min(1, s.Quorum)",
		}}},
		{Name: "rights as they were", Breaks: "who may approve is asked again before the write", Shows: []string{"a write without consent"}, Edits: []Replacement{{
			"approvals/weigh.go",
			"	lastLook    = closeness{group: 3 * time.Second}\n",
			"	lastLook    = closeness{person: time.Hour, group: time.Hour}\n",
		}, {
			"bot/directory.go",
			"	delete(d.groups, group)\n",
			"	_ = d.groups[group]\n",
		}}},
		{Name: "success told before the write", Breaks: "no success word before the effect", Shows: []string{"success told before the effect", "the card said done before it was"}, Edits: []Replacement{{
			"approvals/apply.go",
			"	t.Tried = r.Decided // any time but zero: from here on it was tried\n",
			"	t.Tried = r.Decided\n	if err := w.step(ctx, r, Settled{State: Done, Outcome: Outcome{Reason: ReasonConfirmed, Codes: target.Codes}}, nil); err != nil {\n		return err\n	}\n",
		}}},
		{Name: "the answer is not compared", Breaks: "success is what UiPath confirmed", Shows: []string{"claimed a rule that never was", "success told before the effect"}, Edits: []Replacement{{
			"approvals/apply.go",
			"SameSet(answer.Codes, target.Codes)",
			"answer.Codes = target.Codes; true",
		}}},
		{Name: "replaced instead of merged", Breaks: "a write keeps what is there", Shows: []string{"a write took away what was there"}, Edits: []Replacement{{
			"approvals/request.go",
			"	target.Codes = Union(Without(now.Codes, c.Remove), c.Add)\n",
			"	target.Codes = c.Add\n",
		}}},
		{Name: "an unknown outcome is a failure", Breaks: "unknown is not said to be undone", Shows: []string{"said that nothing was changed"}, Edits: []Replacement{{
			"approvals/apply.go",
			"if err != nil && refused(err) {",
			"if err != nil {",
		}, {
			"approvals/apply.go",
			"if errors.As(err, &refusal) {",
			"if refusal = (&Refusal{Said: reasonOf(err)}); true {",
		}}},
		{Name: "an end takes what another holds", Breaks: "the end of a grant leaves what another request holds", Shows: []string{"the end of a grant took what another holds"}, Edits: []Replacement{{
			"approvals/grant.go",
			"		case held:\n",
			"		case held && other.Code == \"\":\n",
		}}},
		{Name: "an end is told before it is made", Breaks: "no word of an end before its effect", Shows: []string{"an end told before it was made", "claimed a rule that never was"}, Edits: []Replacement{{
			"approvals/end.go",
			"	answer, err := w.Licences.SetRule(ctx, r.Proposal.Group.ID, target)\n",
			"	rest.Took, rest.Codes = take, target.Codes\n	if err := w.step(ctx, r, Ended{rest}, nil); err != nil {\n		return err\n	}\n	answer, err := w.Licences.SetRule(ctx, r.Proposal.Group.ID, target)\n",
		}}},
		{Name: "not recorded, and acknowledged without a word", Breaks: "what becomes of a command is told", Shows: []string{"acknowledged without saying what became of it"}, Edits: []Replacement{{
			"bot/intake.go",
			"		return in.Words.NotStored()\n",
			"		return \"\"\n",
		}}},
		{Name: "named as it was agreed upon first", Breaks: "a success names those whose consent it rests on", Shows: []string{"names who did not approve it"}, Edits: []Replacement{{
			"approvals/apply.go",
			"	if len(lossesOf(r.Votes, ballots)) == 0 {\n",
			"	if len(lossesOf(r.Votes, ballots)) >= 0 {\n",
		}}},
		{Name: "a write drops the limits of seats", Breaks: "a write keeps what is there", Shows: []string{"a write changed what nobody asked for"}, Edits: []Replacement{{
			"licensing/allocation.go",
			"	if len(wanted.Quotas) > 0 {\n",
			"	if len(wanted.Quotas) > 99 {\n",
		}}},
		{Name: "a card hides what it takes out", Breaks: "consent is to what the card shows", Shows: []string{"the card shows something else than it asks"}, Edits: []Replacement{{
			"bot/card.go",
			"	text := \"*Takes away: \" + within(room, gone) + \".*\"\n",
			"	text := \"*Takes away: \" + within(room, gone[:len(gone)-1]) + \".*\"\n",
		}}},
		{Name: "no lane for a thread", Breaks: "what is said in a thread keeps its order", Shows: []string{"spoke after the end"}, Edits: []Replacement{{
			"approvals/owed.go",
			"		return \"thread \" + r.ID\n",
			"		return \"\"\n",
		}}},
	}
}
