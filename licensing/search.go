package licensing

import (
	"context"
	"errors"
	"slices"
	"strings"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// Groups lists groups that somebody who typed query may mean, the best first,
// at most most: the one of this id or name, those whose name begins with it,
// those whose name or id has it in them, and failing all that those that are
// spelt like it. It answers from memory once UiPath was read.
func (a *Allocations) Groups(ctx context.Context, query string, most int) ([]approvals.Group, error) {
	all, err := a.groups.recall(ctx)
	if err != nil {
		return nil, verdict(err)
	}
	found := matching(query, all)
	if len(found) == 0 {
		found = similar(query, all)
	}
	shown := make([]approvals.Group, 0, min(len(found), most))
	for _, g := range found[:min(len(found), most)] {
		shown = append(shown, groupname.Group(g.ID, g.Name))
	}
	return shown, nil
}

// matching ranks the groups that query is a part of; all are sorted by name.
func matching(query string, all []Group) []Group {
	want := groupname.Typed(query).String()
	var ranks [4][]Group
	for _, g := range all {
		name, id := groupname.Typed(g.Name).String(), strings.ToLower(g.ID)
		switch {
		case name == want, id == want:
			ranks[0] = append(ranks[0], g)
		case strings.HasPrefix(name, want):
			ranks[1] = append(ranks[1], g)
		case strings.Contains(name, " "+want):
			ranks[2] = append(ranks[2], g)
		case strings.Contains(name, want), strings.Contains(id, want):
			ranks[3] = append(ranks[3], g)
		}
	}
	return slices.Concat(ranks[:]...)
}

// Seats lists what the organisation owns of each code. It answers from memory
// once UiPath was read; what is older than a minute is read anew meanwhile.
func (a *Allocations) Seats(ctx context.Context) ([]approvals.Seats, error) {
	seats, err := a.seats.recall(ctx)
	if err != nil {
		return nil, verdict(err)
	}
	return fromSeats(seats), nil
}

// Reachable is nil if UiPath answered within the last minute, or does now, even
// if nothing there tells what is owned. It is an [approvals.Refusal] if UiPath
// refuses: it does not accept the credentials, or is not at that address.
func (a *Allocations) Reachable(ctx context.Context) error {
	err := a.seats.recent(ctx)
	if errors.Is(err, errNobodyTells) {
		return nil
	}
	return verdict(err)
}
