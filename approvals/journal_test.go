package approvals_test

import (
	"encoding/json"
	"testing"

	. "licensebot/approvals"
)

// The journal has what a count changed: who began to count, who ceased to, and who is
// told why not. What the request knows already is in an earlier line.
func TestJournalEntryHasWhatIsNew(t *testing.T) {
	known := Request{
		Votes:    []Vote{{User: anna, Stages: []int{0}}, {User: ben, Stages: []int{0}}},
		Notified: []string{bystander + ":" + string(NotApprover), ben + ":" + string(IsGuest)},
		Judgments: []Judgment{
			{User: bystander, Eligibility: NotApprover}, {User: "B", Eligibility: IsBot}, {User: ben, Eligibility: IsGuest},
		},
	}
	for name, c := range map[string]struct {
		event Event
		want  string
	}{
		"nothing new": {VotesCounted{[]Ballot{yes(anna), yes(ben), ballotOf(bystander, NotApprover)}}, `{}`},
		"a new vote": {VotesCounted{[]Ballot{yes(anna), yes(ben), yes(cleo)}},
			`{"Ballots":[{"user":"` + cleo + `","eligibility":"counts","stages":[0]}]}`},
		"a vote for another stage": {VotesCounted{[]Ballot{{User: anna, Eligibility: Counts, Stages: []int{1}}, yes(ben)}},
			`{"Ballots":[{"user":"` + anna + `","eligibility":"counts","stages":[1]}]}`},
		"a vote taken back":   {VotesCounted{[]Ballot{yes(anna)}}, `{"Withdrawn":["` + ben + `"]}`},
		"a vote that changed": {VotesCounted{[]Ballot{yes(anna), no(ben)}}, `{"Ballots":[{"user":"` + ben + `","deny":true,"eligibility":"counts","stages":[0]}],"Withdrawn":["` + ben + `"]}`},
		"a voter who left": {VotesCounted{[]Ballot{yes(anna), ballotOf(ben, Deactivated)}},
			`{"Ballots":[{"user":"` + ben + `","eligibility":"deactivated"}],"Withdrawn":["` + ben + `"]}`},
		"a voter who was told before": {VotesCounted{[]Ballot{yes(anna), ballotOf(ben, IsGuest)}},
			`{"Ballots":[{"user":"` + ben + `","eligibility":"guest"}],"Withdrawn":["` + ben + `"]}`},
		"a bystander for another reason": {VotesCounted{[]Ballot{yes(anna), yes(ben), ballotOf(bystander, IsGuest)}},
			`{"Ballots":[{"user":"` + bystander + `","eligibility":"guest"}]}`},
		"a bot":                {VotesCounted{[]Ballot{yes(anna), yes(ben), ballotOf("B", IsBot)}}, `{}`},
		"the last look":        {Expire{Ballots: []Ballot{yes(anna), yes(ben)}, Unseen: true}, `{"Unseen":true}`},
		"consent lost":         {ConsentLost{Ballots: []Ballot{yes(anna)}, WriteAttempted: true}, `{"Withdrawn":["` + ben + `"],"WriteAttempted":true}`},
		"others carry it":      {ApproversChanged{[]Ballot{yes(anna)}}, `{"Withdrawn":["` + ben + `"]}`},
		"an event of any kind": {Delayed{Reason: "slow"}, `{"Reason":"slow"}`},
	} {
		text, err := json.Marshal(JournalEntry(known, c.event))
		if err != nil || string(text) != c.want {
			t.Errorf("%s: %s, %v; want %s", name, text, err, c.want)
		}
	}
}
