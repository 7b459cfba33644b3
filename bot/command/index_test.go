package command_test

import (
	"slices"
	"testing"

	"licensebot/bot/command"
	"licensebot/internal/groupname"
)

// TestIndexOfAnotherList gives the parser the index of its own list, and one of a list without
// the group: only the list decides what is read.
func TestIndexOfAnotherList(t *testing.T) {
	known := berlin(t)
	own, other := command.NewIndex(known.Groups), command.NewIndex(known.Groups[1:])
	known.Groups = append(slices.Clip(known.Groups), groupname.Group("group-09", "Controlling"))
	if own.IsOf(known.Groups) || !command.NewIndex(known.Groups).IsOf(known.Groups) {
		t.Error("an index belongs to a list that it was not made of")
	}
	for _, known.Index = range []*command.Index{nil, own, other, command.NewIndex(known.Groups)} {
		for text, want := range map[string]string{"Finance Robots IDU": "Finance Robots", "controlling IDU": "controlling"} {
			if c, err := known.Parse("/allocate", text); err != nil || c.Ask.Group != want {
				t.Errorf("%q is for %q, %v; want %q", text, c.Ask.Group, err, want)
			}
		}
	}
}
