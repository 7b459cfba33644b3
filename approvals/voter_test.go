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
		"nobody approved yet":          {r, Voter{member("U0KIM"), []int{0}}, true},
		"no approver":                  {r, Voter{member("U0PAT"), nil}, false},
		"a guest":                      {r, Voter{Person{ID: "U0KIM", Guest: true}, []int{0}}, false},
		"the requester":                {r, Voter{member("U0ROBIN"), []int{0}}, false},
		"approved already":             {kimVoted, Voter{member("U0KIM"), []int{0}}, false},
		"of the stage that has enough": {kimVoted, Voter{member("U0PAT"), []int{0}}, false},
		"of the stage that lacks one":  {kimVoted, Voter{member("U0ALEX"), []int{0, 1}}, true},
	} {
		if got := c.voter.CanHelp(c.request); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
