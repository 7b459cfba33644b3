package approvals

import "testing"

// TestVoterCanHelp asks for each voter whether their approval still matters.
func TestVoterCanHelp(t *testing.T) {
	r := Request{Requester: "U0ROBIN", Terms: Terms{Stages: []Stage{
		{Approvers: []string{"U0KIM", "U0ALEX"}, Quorum: 1}, {Approvers: []string{"U0ALEX"}, Quorum: 1},
	}}}
	member := func(id string) Person { return Person{ID: id} }
	kimVoted := r
	kimVoted.Votes = []Vote{{User: "U0KIM", Stages: []int{0}}}
	for name, c := range map[string]struct {
		request Request
		voter   Voter
		want    bool
	}{
		"nobody approved yet":          {r, Voter{Person: member("U0KIM"), Stages: []int{0}}, true},
		"no approver":                  {r, Voter{Person: member("U0PAT"), Stages: nil}, false},
		"a guest":                      {r, Voter{Person: Person{ID: "U0KIM", Guest: true}, Stages: []int{0}}, false},
		"the requester":                {r, Voter{Person: member("U0ROBIN"), Stages: []int{0}}, false},
		"approved already":             {kimVoted, Voter{Person: member("U0KIM"), Stages: []int{0}}, false},
		"of the stage that has enough": {kimVoted, Voter{Person: member("U0PAT"), Stages: []int{0}}, false},
		"of the stage that lacks one":  {kimVoted, Voter{Person: member("U0ALEX"), Stages: []int{0, 1}}, true},
	} {
		if got := c.voter.CanHelp(c.request); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
