package compare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"licensebot/approvals"
	"licensebot/internal/store"
)

// Licenses is UiPath, as far as it is compared.
type Licenses interface {
	// ReadAllocation reads a group's allocation. approvals.IsNotFound is true of the error if
	// UiPath lacks the group.
	ReadAllocation(ctx context.Context, groupID string) (approvals.Allocation, error)

	// FindEdits lists entries of UiPath's audit log about a group; none where UiPath does not
	// show the log.
	FindEdits(ctx context.Context, group approvals.Group, since, until time.Time) ([]approvals.PortalEdit, error)
}

// Allocations compares what UiPath last confirmed of each group with what it has now.
type Allocations struct {
	Open     Open
	UiPath   Licenses
	Now      func() time.Time
	Report   func(finding string) // is given one line for each difference
	Note     func(line string)    // is given what the database explains
	Progress func(line string)    // is told how far the reading is
	Sleep    Sleep

	summary AllocationSummary
}

// An AllocationSummary is what was compared.
type AllocationSummary struct {
	Groups    int
	Findings  int
	Unchecked []string // what could not be compared, and why
}

// A belief is what the database says that a group has.
type belief struct {
	group     approvals.Group
	confirmed approvals.Confirmation
	told      *approvals.OutsideChange // the last change outside since then

	claimed  approvals.Confirmation // what the newest request says that UiPath confirmed
	claimant string                 // its id
	unsure   bool                   // a request does not say when UiPath confirmed what it did
	moving   []string               // codes that a request changes now, or may have changed
}

// wait is the pause before a second look: as long as a read may be late, and a while longer.
const wait = approvals.WatchAgainAfter

// Run compares each group of which UiPath ever confirmed a change.
func (a *Allocations) Run(ctx context.Context) (AllocationSummary, error) {
	beliefs, err := a.readBeliefs(ctx)
	if err != nil {
		return a.summary, err
	}
	suspects := make(map[string][]string)
	for _, id := range slices.Sorted(maps.Keys(beliefs)) {
		found, err := a.look(ctx, *beliefs[id])
		switch {
		case ctx.Err() != nil:
			return a.summary, ctx.Err()
		case err != nil:
			a.skip(*beliefs[id], err)
			continue
		case len(found) > 0:
			suspects[id] = found
		}
		a.summary.Groups++
		if a.Progress != nil {
			a.Progress(fmt.Sprintf("groups compared: %d of %d", a.summary.Groups, len(beliefs)))
		}
		a.checkConfirmation(*beliefs[id])
		a.noteTold(*beliefs[id])
	}
	return a.summary, a.lookAgain(ctx, suspects)
}

func (a *Allocations) skip(b belief, err error) {
	a.summary.Unchecked = append(a.summary.Unchecked, nameGroup(b.group)+": "+Explain(err))
}

func nameGroup(g approvals.Group) string {
	if g.Name == "" {
		return "the group " + g.ID
	}
	return fmt.Sprintf("the group %s (%s)", g.Name, g.ID)
}

func (a *Allocations) report(f finding) {
	a.summary.Findings++
	a.Report(f.String())
}

// readBeliefs reads what the database says that each group has.
func (a *Allocations) readBeliefs(ctx context.Context) (beliefs map[string]*belief, err error) {
	err = a.Open.read(ctx, func(db *store.Reader) (err error) {
		beliefs, err = collectBeliefs(ctx, db, a.Now())
		return err
	})
	return beliefs, err
}

func collectBeliefs(ctx context.Context, db *store.Reader, now time.Time) (map[string]*belief, error) {
	confirmed, err := db.Confirmations(ctx)
	if err != nil {
		return nil, err
	}
	adopted, err := db.AdoptedRequests(ctx)
	if err != nil {
		return nil, err
	}
	beliefs := make(map[string]*belief)
	for id, c := range confirmed {
		beliefs[id] = &belief{group: approvals.Group{ID: id}, confirmed: c}
	}
	const ahead = 24 * time.Hour // the clock of the database may be another
	for r, err := range db.RequestsUntil(ctx, now.Add(ahead)) {
		if err != nil {
			return nil, err
		}
		if r.Proposal == nil {
			continue
		}
		id := r.Proposal.Group.ID
		if beliefs[id] == nil {
			beliefs[id] = &belief{}
		}
		beliefs[id].add(r, now, adopted[r.ID])
	}
	maps.DeleteFunc(beliefs, func(_ string, b *belief) bool { return b.base().At.IsZero() })
	for c, err := range db.OutsideChangesUntil(ctx, now.Add(ahead)) {
		if err != nil {
			return nil, err
		}
		if b := beliefs[c.Group.ID]; b != nil && c.SeenAt.After(b.base().At) {
			b.told = &c.OutsideChange
		}
	}
	return beliefs, nil
}

// add takes in what a request says of its group. Of an adopted one the channel told a part, and
// that is no confirmation of UiPath.
func (b *belief) add(r approvals.Request, now time.Time, isAdopted bool) {
	b.group = r.Proposal.Group
	isEnding := r.AwaitsRevocation() && !now.Before(r.Grant.Until)
	if r.State == approvals.Approved || isEnding || r.MayHaveEffect() || r.LeftCodes() {
		b.moving = approvals.Union(b.moving, r.Proposal.Change.AllCodes())
	}
	b.unsure = b.unsure || isAdopted || r.EffectFound
	if isAdopted {
		return
	}
	if r.State == approvals.Done && r.Outcome.Reason != approvals.ReasonExtended {
		b.claim(r.ID, approvals.Confirmation{Codes: r.Outcome.Allocation, At: r.ClosedAt})
	}
	if r.Grant == nil || r.Grant.Revocation == nil {
		return
	}
	if end := r.Grant.Revocation; (len(end.Removed) > 0 || end.ReadBack) && !end.Uncertain {
		b.claim(r.ID, approvals.Confirmation{Codes: end.Allocation, At: end.At})
	}
}

// claim keeps the newest confirmation that a request tells.
func (b *belief) claim(id string, c approvals.Confirmation) {
	if c.At.After(b.claimed.At) {
		b.claimed, b.claimant = c, id
	}
}

// base is what UiPath confirmed last, as far as the database has it.
func (b belief) base() approvals.Confirmation {
	if b.confirmed.At.IsZero() {
		return b.claimed
	}
	return b.confirmed
}

// checkConfirmation compares the last confirmation with what the newest request tells, which the
// chain protects.
func (a *Allocations) checkConfirmation(b belief) {
	isNewest := b.confirmed.At.Equal(b.claimed.At) && approvals.SameSet(b.confirmed.Codes, b.claimed.Codes)
	isLater := b.confirmed.At.After(b.claimed.At) && b.unsure
	if !isNewest && !isLater {
		a.report(newFinding("A database user can have changed it.", "%s: what the table confirmations has as last "+
			"confirmed by UiPath is not what the newest request says (%s)",
			nameGroup(b.group), cmp.Or(b.claimant, "there is none")))
	}
}

// noteTold notes a change outside that is still in effect.
func (a *Allocations) noteTold(b belief) {
	if b.told != nil && !approvals.SameSet(b.expected(), b.base().Codes) {
		a.Note(fmt.Sprintf("%s: the change outside %s of %s is still in effect; the bot told it",
			nameGroup(b.group), b.told.ID, b.told.SeenAt.UTC().Format(time.RFC3339)))
	}
}

// expected is what the group should have: codes, and limits as CODE=10.
func (b belief) expected() []string {
	if b.told != nil {
		return b.told.Items
	}
	items := approvals.Union(b.base().Codes, nil)
	for _, limit := range b.base().Limits {
		if limit.To > 0 {
			items = append(items, limit.String())
		}
	}
	return items
}

// look lists what UiPath has otherwise than the database says.
func (a *Allocations) look(ctx context.Context, b belief) ([]string, error) {
	now, err := a.readAllocation(ctx, b.group.ID)
	if approvals.IsNotFound(err) {
		if len(b.expected()) == 0 {
			return nil, nil
		}
		return []string{"UiPath does not have the group any more"}, nil
	}
	if err != nil {
		return nil, err
	}
	items := approvals.AllocationItems(now)
	var found []string
	for _, code := range b.settled(now.Codes) {
		if !slices.Contains(b.expected(), code) {
			found = append(found, "UiPath has "+code)
		}
	}
	for _, item := range b.settled(b.expected()) {
		isHiddenLimit := strings.Contains(item, "=") && now.Quotas == nil
		if !slices.Contains(items, item) && !isHiddenLimit {
			found = append(found, "UiPath lacks "+item)
		}
	}
	slices.Sort(found)
	return found, nil
}

// settled leaves out what a request changes now, or may have changed.
func (b belief) settled(items []string) []string {
	return slices.DeleteFunc(slices.Clone(items), func(item string) bool {
		code, _, _ := strings.Cut(item, "=")
		return slices.Contains(b.moving, code)
	})
}

// readAllocation repeats a call that UiPath puts off, a few times.
func (a *Allocations) readAllocation(ctx context.Context, id string) (now approvals.Allocation, err error) {
	for range maxLooks {
		now, err = a.UiPath.ReadAllocation(ctx, id)
		delay, isDelay := errors.AsType[*approvals.DelayError](err)
		if !isDelay || !a.Sleep(ctx, max(delay.After, movePause)) {
			return now, err
		}
	}
	return now, err
}

// lookAgain looks at groups with a difference until two looks in a row agree and the database did
// not move between them.
func (a *Allocations) lookAgain(ctx context.Context, suspects map[string][]string) error {
	for range maxLooks {
		if len(suspects) == 0 {
			return nil
		}
		if !a.Sleep(ctx, wait) {
			return ctx.Err()
		}
		beliefs, err := a.readBeliefs(ctx)
		if err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(suspects)) {
			if err := a.settle(ctx, beliefs[id], id, suspects); err != nil {
				return err
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(suspects)) {
		a.skip(belief{group: approvals.Group{ID: id}}, errors.New("it changes all the time; run verify again"))
	}
	return nil
}

// settle looks at one group again. It stays suspect if the second look differs from the first.
func (a *Allocations) settle(ctx context.Context, b *belief, id string, suspects map[string][]string) error {
	if b == nil { // its rows were deleted since, as the chain shows
		delete(suspects, id)
		return nil
	}
	found, err := a.look(ctx, *b)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		a.skip(*b, err)
		delete(suspects, id)
	case len(found) == 0:
		delete(suspects, id)
	case slices.Equal(found, suspects[id]):
		a.report(newFinding(byPortal+a.nameEditors(ctx, *b), "%s: %s; %s",
			nameGroup(b.group), strings.Join(found, ", "), b.since()))
		delete(suspects, id)
	default:
		suspects[id] = found
	}
	return nil
}

// since says with what UiPath was compared.
func (b belief) since() string {
	if b.told != nil {
		return "compared with the change outside " + b.told.ID + " of " + b.told.SeenAt.UTC().Format(time.RFC3339)
	}
	return "compared with what UiPath confirmed at " + b.base().At.UTC().Format(time.RFC3339)
}

// nameEditors names the people in UiPath's audit log. Without them the finding stands as well.
func (a *Allocations) nameEditors(ctx context.Context, b belief) string {
	edits, err := a.UiPath.FindEdits(ctx, b.group, b.base().At, a.Now())
	if err != nil || len(edits) == 0 {
		return ""
	}
	var people []string
	for _, e := range edits {
		people = approvals.Union(people, []string{e.By})
	}
	return " UiPath's audit log has entries about the group by " + strings.Join(people, ", ") + "."
}
