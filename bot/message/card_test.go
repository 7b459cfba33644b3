package message

import (
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"licensebot/approvals"
	"licensebot/bot/bottest"
	"licensebot/bot/command"
	"licensebot/bot/slackapi"
	"licensebot/internal/fakeslack"
)

// repeat makes n strings of a pattern with their number.
func repeat(n int, pattern string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(pattern, i)
	}
	return all
}

// largestRequest is as much as a card may have to show: more than there is
// room for.
func largestRequest(state approvals.State) approvals.Request {
	nasty := strings.Repeat("<>&`", 75)
	r := approvals.Request{
		ID: "R-7K3F9QXA", State: state, Requester: "U0123456789", Channel: "C0APPROVALS",
		Ask:      approvals.Ask{Group: nasty, Reason: nasty},
		Terms:    approvals.Terms{Stages: []approvals.Stage{{Approvers: append(repeat(20, "U01234567%02d"), repeat(20, "S01234567%02d")...), Quorum: 40}}, TTL: time.Hour},
		Deadline: testTime.Add(time.Hour), DecidedAt: testTime, FiledAt: testTime, ClosedAt: testTime,
		Proposal: &approvals.Proposal{Group: approvals.Group{ID: nasty + "1", Name: nasty}},
	}
	change := &r.Proposal.Change
	change.Add = repeat(command.MaxCodes, strings.Repeat("C", 38)+"%02d")
	change.Keep = append(repeat(60, "KEPT%02d"), nasty)
	r.Ask.Codes = change.Add
	for i, c := range append(slices.Clone(change.Add), change.Keep...) {
		r.Proposal.Seats = append(r.Proposal.Seats, approvals.Seats{Code: c, Allocated: 1e6 + i, Total: 1e7})
		r.Proposal.Quotas = append(r.Proposal.Quotas, approvals.Quota{Code: c, Limit: 1e6})
	}
	for _, user := range repeat(40, "U01234567%02d") {
		r.Votes = append(r.Votes, approvals.Vote{User: user})
	}
	if state.Open() {
		r.DelayReason = nasty
	} else {
		r.Outcome = &approvals.Outcome{
			By: "U0123456789", Answer: nasty, ConcernedCodes: change.Add, Suggestions: append(change.Keep, nasty), Allocation: append(change.Keep, change.Add...),
		}
	}
	return r
}

// usualRequest is a card with as many codes as are allowed and all that
// explains them.
func usualRequest(state approvals.State) approvals.Request {
	r := largestRequest(state)
	r.Ask = approvals.Ask{Group: "group-01", Reason: "Q3 audit"}
	r.Proposal.Group = approvals.Group{ID: "bb0c3b6e-7d0c-4a52-9a94-1f2f0c7a3a11", Name: "Finance Robots"}
	r.Terms.Stages = []approvals.Stage{{Approvers: []string{"S0APPROVERS"}, Quorum: 2}}
	r.DelayReason, r.Votes = "", r.Votes[:1]
	codes := strings.Fields("ACCU ACNU AKIT ATTUCU ATTUNU AXPNU CTZDEVCU CTZDEVNU IDU PMBU PMD RPADEVCU RPADEVNU RPADEVPROCU RPADEVPRONU " +
		"TSTDEVPRONU TSTNU AGU AIU DSU FCCU HEAL LU MRSU NONPR")
	r.Proposal.Change = approvals.Change{Add: codes[:command.MaxCodes], Keep: codes[command.MaxCodes : command.MaxCodes+5]}
	r.Ask.Codes = r.Proposal.Change.Add
	r.Proposal.Quotas, r.Proposal.Seats = nil, nil
	for _, c := range codes[:command.MaxCodes] {
		r.Proposal.Seats = append(r.Proposal.Seats, approvals.Seats{Code: c, Allocated: 17, Total: 400})
	}
	return r
}

// largestSet takes away as much as it adds, and limits all of it.
func largestSet(state approvals.State) approvals.Request {
	r := largestRequest(state)
	r.Ask.Action = approvals.Set
	r.Ask.Packs = repeat(20, strings.Repeat("p", 38)+"%02d")
	change := &r.Proposal.Change
	change.Remove = repeat(60, strings.Repeat("G", 38)+"%02d")
	for i := range r.Proposal.Seats {
		r.Proposal.Seats[i].Allocated = r.Proposal.Seats[i].Total
	}
	for _, c := range change.Add {
		change.Quotas = append(change.Quotas, approvals.QuotaChange{Code: c, From: 999999, To: command.MaxSeats})
		r.Ask.Quotas = append(r.Ask.Quotas, approvals.Quota{Code: c, Limit: command.MaxSeats})
	}
	return r
}

// smallRemoval leaves the allocation empty.
func smallRemoval(state approvals.State) approvals.Request {
	r := usualRequest(state)
	r.Ask.Action, r.Ask.MayEmpty = approvals.Remove, true
	r.Proposal.Change = approvals.Change{Remove: []string{"ATTUNU", "IDU"}}
	r.Ask.Codes = r.Proposal.Change.Remove
	r.Proposal.Quotas = []approvals.Quota{{Code: "IDU", Limit: 1}}
	return r
}

// manyStages has as many stages as a policy may have, with names and people as
// long as they may be.
func manyStages(r approvals.Request) approvals.Request {
	r.Terms.Rule, r.Terms.Stages = strings.Repeat("&", 60), nil
	for i := range 10 {
		r.Terms.Stages = append(r.Terms.Stages, approvals.Stage{
			Name: strings.Repeat("<", 59) + fmt.Sprint(i), Approvers: append(repeat(20, "U01234567%02d"), repeat(20, "S01234567%02d")...), Quorum: 20,
		})
	}
	return r
}

func largestStaged(state approvals.State) approvals.Request { return manyStages(largestRequest(state)) }

func largestStagedSet(state approvals.State) approvals.Request { return manyStages(largestSet(state)) }

// usualStaged is a small change under many stages.
func usualStaged(state approvals.State) approvals.Request {
	r := manyStages(usualRequest(state))
	r.Proposal.Change.Add, r.Proposal.Seats = r.Proposal.Change.Add[:2], r.Proposal.Seats[:2]
	return r
}

// usualRenewal lets as many codes as are allowed stay for longer.
func usualRenewal(state approvals.State) approvals.Request {
	r := usualRequest(state)
	change := &r.Proposal.Change
	change.Extend, change.Add, r.Proposal.Ends = change.Add, nil, make(map[string]time.Time)
	for _, c := range change.Extend {
		r.Proposal.Ends[c] = testTime.AddDate(0, 1, 0)
	}
	r.Ask.Until = testTime.AddDate(0, 3, 0)
	return r
}

// largestRenewal changes the limit of each of them as well.
func largestRenewal(state approvals.State) approvals.Request {
	r := manyStages(largestRequest(state))
	change := &r.Proposal.Change
	change.Extend, change.Add, r.Proposal.Ends = change.Add, nil, make(map[string]time.Time)
	for _, c := range change.Extend {
		change.Quotas = append(change.Quotas, approvals.QuotaChange{Code: c, From: 999999, To: command.MaxSeats})
		r.Proposal.Ends[c] = testTime.AddDate(0, 1, 0)
	}
	r.Ask.Until = testTime.AddDate(0, 3, 0)
	return r
}

func cards() map[string]func(approvals.State) approvals.Request {
	return map[string]func(approvals.State) approvals.Request{
		"largest": largestRequest, "usual": usualRequest, "largest set": largestSet, "small removal": smallRemoval,
		"largest staged": largestStaged, "largest staged set": largestStagedSet, "usual staged": usualStaged,
		"usual renewal": usualRenewal, "largest renewal": largestRenewal,
	}
}

// TestTheLargestCardNamesAllThatGoes: consent is never asked for what is not
// shown, however much it is.
func TestTheLargestCardNamesAllThatGoes(t *testing.T) {
	r := largestSet(approvals.Pending)
	shown := strings.Join(saidByBlocks(t, phrases().RenderCard(r)), "\n")
	for _, c := range r.Proposal.Change.Remove {
		if !strings.Contains(shown, quoteCode(c)) {
			t.Errorf("%s goes without being shown", c)
		}
	}
	if text := phrases().RenderCard(r).Text; !strings.Contains(text, "*Removed: ") || !strings.Contains(text, " more.*") {
		t.Errorf("the text does not say that something goes: %s", text)
	}
}

// saidByBlocks lists each line that the blocks of a card say.
func saidByBlocks(t *testing.T, card Card) []string {
	t.Helper()
	raw, err := json.Marshal(card.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(fakeslack.Render(raw), "\n")
}

// TestCardFitsAndItsTextIsComplete draws the cards at their largest in every
// state: the text says each line of the blocks, and both stay within what
// Slack takes.
func TestCardFitsAndItsTextIsComplete(t *testing.T) {
	length := utf8.RuneCountInString
	for name, request := range cards() {
		for _, state := range approvals.States() {
			r := request(state)
			card := phrases().RenderCard(r)
			bottest.ExpectHarmless(t, card.Text)
			if n := length(card.Text); n > 4000 {
				t.Errorf("%s, %s: the text has %d characters", name, state, n)
			}
			for _, line := range saidByBlocks(t, card) {
				if field, value, ok := strings.Cut(line, "*: "); ok && !strings.Contains(field, " *") {
					line = strings.Trim(value, "`") // the text puts the fields into sentences
				}
				line = strings.Trim(line, "─")
				if strings.HasPrefix(name, "largest") && strings.HasPrefix(line, "*Removed: ") {
					continue // the text may name fewer, see TestTheLargestCardNamesAllThatGoes
				}
				if !strings.Contains(card.Text, line) {
					t.Errorf("%s, %s: the text does not say %q", name, state, line)
				}
			}
			for _, c := range r.Proposal.Change.Add {
				if !strings.Contains(card.Text, quoteCode("+ "+c)) {
					t.Errorf("%s, %s: consent is asked for %s without showing it", name, state, c)
				}
			}
			for _, c := range r.Proposal.Change.Extend {
				if !strings.Contains(card.Text, "• Extends "+quoteCode(c)) || !strings.Contains(card.Text, formatTime(r.Ask.Until)) {
					t.Errorf("%s, %s: consent is asked to extend %s without showing it", name, state, c)
				}
			}
			for _, q := range r.Proposal.Change.Quotas {
				if !strings.Contains(card.Text, fmt.Sprintf("%s · at most %d", quoteCode(q.Code), q.To)) && !strings.Contains(card.Text, fmt.Sprintf("%s · at most %d", quoteCode("+ "+q.Code), q.To)) {
					t.Errorf("%s, %s: consent is asked for a limit of %s without showing it", name, state, q.Code)
				}
			}
			for _, said := range []string{phrases().DescribeOutcome(r), ExplainDelay(r), phrases().RequesterNotice(r)} {
				if length(said) > 4000 {
					t.Errorf("%s, %s: %d characters are said", name, state, length(said))
				}
			}
		}
	}
	if text := phrases().RenderCard(usualRequest(approvals.Pending)).Text; !strings.Contains(text, "17 of 400 seats") || strings.Contains(text, " more") {
		t.Errorf("a usual card leaves things out: %s", text)
	}
}

// TestCardAsksTheSameInEveryState compares what the card asks, block by block.
func TestCardAsksTheSameInEveryState(t *testing.T) {
	for _, request := range cards() {
		drawn := phrases().RenderCard(request(approvals.Pending)).Blocks
		asks := len(drawn) - 3 // without divider, status and how to vote
		posted, _ := json.Marshal(drawn[:asks])
		for _, state := range approvals.States() {
			now, _ := json.Marshal(phrases().RenderCard(request(state)).Blocks[:asks])
			if string(now) != string(posted) {
				t.Errorf("%s: the card asks something else\n%s\n%s", state, posted, now)
			}
		}
	}
}

// TestSlackTakesTheLargestCard posts and updates it.
func TestSlackTakesTheLargestCard(t *testing.T) {
	r := newRig(t)
	post := func(request approvals.Request, kind approvals.JobKind) slackapi.Post {
		card := phrases().RenderCard(request)
		return slackapi.Post{
			Channel: request.Channel, Text: card.Text, Blocks: card.Blocks,
			Metadata: RenderMetadata(request, approvals.Job{Kind: kind}),
		}
	}
	for name, request := range cards() {
		ts, err := r.messenger.PostMessage(t.Context(), post(request(approvals.Pending), approvals.JobPostCard))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, state := range approvals.States()[1:] {
			now := request(state)
			if err := r.messenger.UpdateMessage(t.Context(), ts, post(now, approvals.JobUpdateCard)); err != nil {
				t.Errorf("%s, %s: %v", name, state, err)
			}
			if state == approvals.Refused {
				continue
			}
			job := approvals.Job{Kind: approvals.JobPostOutcome}
			_, err := r.messenger.PostMessage(t.Context(), slackapi.Post{
				Channel: now.Channel, ThreadTS: ts, Text: phrases().ThreadReply(now, job), Metadata: RenderMetadata(now, job),
			})
			if err != nil {
				t.Errorf("%s, %s: %v", name, state, err)
			}
		}
	}
	for _, call := range r.slack.Calls("") {
		if call.Error != "" {
			t.Errorf("%s: %s", call.Method, call.Error)
		}
	}
}

// largestAccepted is the largest change of a kind that may be asked for, with as
// many codes as that takes.
func largestAccepted(t *testing.T, change func(n int) (approvals.Ask, approvals.PrepareFacts)) (approvals.Proposal, approvals.Ask) {
	t.Helper()
	var largest approvals.Proposal
	var asked approvals.Ask
	for n := 1; n < 500; n++ {
		ask, facts := change(n)
		proposal, outcome := approvals.Propose(ask, facts)
		if outcome != nil {
			room := max(len(outcome.ConcernedCodes)-2, 1)
			if outcome.Reason != approvals.ReasonTooLarge || n == 1 || len(outcome.Suggestions) < room {
				t.Fatalf("%d codes: %+v", n, outcome)
			}
			return largest, asked
		}
		largest, asked = proposal, ask
	}
	t.Fatal("there is no bound")
	return largest, asked
}

// TestACardShowsAllOfTheLargestChange draws the largest changes that are accepted,
// under the longest words around them: each code and each limit is in the text,
// and in the blocks.
func TestACardShowsAllOfTheLargestChange(t *testing.T) {
	limits := func(codes []string) (all []approvals.Quota) {
		for _, code := range codes {
			all = append(all, approvals.Quota{Code: code, Limit: command.MaxSeats})
		}
		return all
	}
	later, soon := testTime.AddDate(0, 3, 0), testTime.AddDate(0, 1, 0)
	for _, pattern := range []string{"IDU%03d", strings.Repeat("C", 37) + "%03d", "<&%03d>"} {
		kinds := map[string]func(codes []string) (approvals.Ask, approvals.PrepareFacts){
			"add": func(codes []string) (approvals.Ask, approvals.PrepareFacts) {
				return approvals.Ask{Codes: codes}, approvals.PrepareFacts{}
			},
			"add with limits": func(codes []string) (approvals.Ask, approvals.PrepareFacts) {
				return approvals.Ask{Codes: codes, Quotas: limits(codes), Until: later}, approvals.PrepareFacts{}
			},
			"limits": func(codes []string) (approvals.Ask, approvals.PrepareFacts) {
				return approvals.Ask{Codes: codes, Quotas: limits(codes)}, approvals.PrepareFacts{Allocation: approvals.Allocation{Codes: codes}}
			},
			"extend": func(codes []string) (approvals.Ask, approvals.PrepareFacts) {
				facts := approvals.PrepareFacts{Allocation: approvals.Allocation{Codes: codes}, Ends: map[string]time.Time{}}
				for _, code := range codes {
					facts.Ends[code] = soon
				}
				return approvals.Ask{Codes: codes, Quotas: limits(codes)}, facts
			},
			"remove": func(codes []string) (approvals.Ask, approvals.PrepareFacts) {
				return approvals.Ask{Action: approvals.Remove, Codes: codes, MayEmpty: true}, approvals.PrepareFacts{Allocation: approvals.Allocation{Codes: codes}}
			},
			"remove with limits": func(codes []string) (approvals.Ask, approvals.PrepareFacts) {
				return approvals.Ask{Action: approvals.Set, MayEmpty: true}, approvals.PrepareFacts{Allocation: approvals.Allocation{Codes: codes, Quotas: limits(codes)}}
			},
			"set one more": func(codes []string) (approvals.Ask, approvals.PrepareFacts) {
				return approvals.Ask{Action: approvals.Set, Codes: codes},
					approvals.PrepareFacts{Allocation: approvals.Allocation{Codes: codes[1:], Quotas: limits(codes[1:])}}
			},
			"set limits": func(codes []string) (approvals.Ask, approvals.PrepareFacts) {
				return approvals.Ask{Action: approvals.Set, Codes: codes, Quotas: limits(codes)},
					approvals.PrepareFacts{Allocation: approvals.Allocation{Codes: codes}}
			},
			"half and half": func(codes []string) (approvals.Ask, approvals.PrepareFacts) {
				half := len(codes) / 2
				return approvals.Ask{Action: approvals.Set, Codes: codes[half:], Quotas: limits(codes[half:])},
					approvals.PrepareFacts{Allocation: approvals.Allocation{Codes: codes[:half], Quotas: limits(codes[:half])}}
			},
		}
		for kind, change := range kinds {
			proposal, ask := largestAccepted(t, func(n int) (approvals.Ask, approvals.PrepareFacts) {
				ask, facts := change(repeat(n, pattern))
				facts.Now = testTime
				return ask, facts
			})
			for _, state := range []approvals.State{approvals.Pending, approvals.Approved, approvals.Done} { // the longest status
				for _, name := range []string{strings.Repeat("<>&`", 75), ""} {
					expectAllShown(t, fmt.Sprintf("%s, %s, %s", kind, pattern, state), largestStaged(state), proposal, ask, name)
				}
			}
		}
	}
}

func expectAllShown(t *testing.T, what string, r approvals.Request, p approvals.Proposal, ask approvals.Ask, groupName string) {
	t.Helper()
	p.Group = approvals.Group{ID: strings.Repeat("<>&`", 75) + "1", Name: groupName}
	if !p.Change.Exact {
		p.Change.Keep = append(p.Change.Keep, repeat(60, "KEPT%02d")...)
	}
	for _, c := range p.Change.Keep {
		p.Quotas = append(p.Quotas, approvals.Quota{Code: c, Limit: command.MaxSeats})
	}
	ask.Group, ask.Reason = r.Ask.Group, r.Ask.Reason
	r.Ask, r.Proposal = ask, &p
	card := phrases().RenderCard(r)
	if n := utf8.RuneCountInString(card.Text); n > 4000 {
		t.Errorf("%s: the text has %d characters", what, n)
	}
	for place, said := range map[string]string{"text": card.Text, "blocks": html.UnescapeString(strings.Join(saidByBlocks(t, card), "\n"))} {
		show := quoteCode
		if place == "blocks" {
			show = func(s string) string { return html.UnescapeString(quoteCode(s)) }
		}
		missing := func(text string) {
			if !strings.Contains(said, text) {
				t.Errorf("%s: the %s does not have %s", what, place, text)
			}
		}
		for _, c := range p.Change.Add {
			missing(show("+ " + c))
		}
		if p.Change.Exact {
			_, unchanged, _ := strings.Cut(said, "Unchanged: ")
			for _, c := range p.Change.Keep {
				if !strings.Contains(unchanged, show(c)) {
					t.Errorf("%s: the %s does not say that %s stays", what, place, c)
				}
			}
		}
		for _, c := range p.Change.Extend {
			missing("Extends " + show(c))
		}
		for _, q := range p.Change.Quotas {
			limit, end := fmt.Sprintf(" · at most %d", q.To), ""
			if slices.Contains(p.Change.Extend, q.Code) {
				end = " for good"
			}
			missing(strings.TrimPrefix(show(q.Code), "`") + end + limit)
		}
		for _, c := range p.Change.Remove {
			missing(show(c))
			for _, q := range p.Quotas {
				if q.Code == c {
					missing(fmt.Sprintf("%s (and its limit of %s)", show(c), countSeats(q.Limit)))
				}
			}
		}
	}
	for i, block := range card.Blocks {
		if section, ok := block.(*slack.SectionBlock); ok && section.Text != nil && utf8.RuneCountInString(section.Text.Text) > 3000 {
			t.Errorf("%s: block %d has %d characters", what, i, utf8.RuneCountInString(section.Text.Text))
		}
	}
}
