package approvals_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"licensebot/approvals"
)

// A ballotBox has voters by stage.
type ballotBox struct {
	stages []approvals.Stage
	voters [][]string
}

func (b ballotBox) of(stage int) []string { return b.voters[stage] }

var ballotBoxes = rapid.Custom(func(t *rapid.T) ballotBox {
	var b ballotBox
	for i := range rapid.IntRange(0, 3).Draw(t, "stages") {
		b.stages = append(b.stages, approvals.Stage{Quorum: rapid.IntRange(0, 3).Draw(t, fmt.Sprint("quorum ", i))})
		b.voters = append(b.voters, rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 0, 6).Draw(t, fmt.Sprint("voters ", i)))
	}
	return b
})

// fullest tries every way to give each voter one stage or none, and returns
// how full the stages get: earlier ones first, as the documentation says.
func fullest(b ballotBox) []int {
	people := approvals.Union(slices.Concat(b.voters...), nil)
	best := make([]int, len(b.stages))
	counts := make([]int, len(b.stages))
	total := func(counts []int) (n int) {
		for _, c := range counts {
			n += c
		}
		return n
	}
	var try func(i int)
	try = func(i int) {
		if i == len(people) {
			if total(counts) > total(best) || total(counts) == total(best) && slices.Compare(counts, best) > 0 {
				best = slices.Clone(counts)
			}
			return
		}
		try(i + 1)
		for stage := range b.stages {
			if slices.Contains(b.voters[stage], people[i]) && counts[stage] < max(1, b.stages[stage].Quorum) {
				counts[stage]++
				try(i + 1)
				counts[stage]--
			}
		}
	}
	try(0)
	return best
}

func TestStagesAreFilledAsFarAsPossible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := ballotBoxes.Draw(t, "ballots")
		want := fullest(b)
		met := len(b.stages) > 0
		missing := approvals.Missing(b.stages, b.of)
		for i, stage := range b.stages {
			if missing[i] != max(1, stage.Quorum)-want[i] {
				t.Fatalf("missing %v, but full are %v", missing, want)
			}
			met = met && missing[i] == 0
		}
		if got := approvals.Met(b.stages, b.of); got != met {
			t.Fatalf("met: %v, want %v", got, met)
		}
	})
}

func TestNobodyServesTwoStages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := ballotBoxes.Draw(t, "ballots")
		seen := map[string]bool{}
		for i, served := range approvals.Assign(b.stages, b.of) {
			for _, v := range served {
				if seen[v] || !slices.Contains(b.voters[i], v) {
					t.Fatalf("%s serves stage %d in %v", v, i, approvals.Assign(b.stages, b.of))
				}
				seen[v] = true
			}
		}
	})
}

// The order in which votes came changes nothing of what is missing.
func TestMissingDoesNotDependOnTheOrderOfVotes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := ballotBoxes.Draw(t, "ballots")
		before := approvals.Missing(b.stages, b.of)
		for i, voters := range b.voters {
			b.voters[i] = rapid.Permutation(voters).Draw(t, "order")
		}
		if after := approvals.Missing(b.stages, b.of); !slices.Equal(before, after) {
			t.Fatalf("%v, then %v", before, after)
		}
	})
}
