package approvals

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WatchEvery is the time between two looks at the allocations of all groups.
const WatchEvery = 15 * time.Minute

// WatchAgainAfter is the time between a look that shows a difference and the second look.
// It is longer than a read may be late.
const WatchAgainAfter = ReadLag + 10*time.Second

// WatchPauseAfter is how long no look is taken after a step of the store's clock. What the bot did
// before is so old then that looks show it, whatever its recorded time.
func WatchPauseAfter(step time.Duration) time.Duration {
	return min(max(step.Abs(), WatchAgainAfter), clockDoubt)
}

// A GroupAllocation is the allocation of one group among those that UiPath lists.
type GroupAllocation struct {
	Group      Group
	Allocation Allocation
	Untold     bool // the list has the group, and does not say what it has
}

// A GroupLook is what UiPath showed of one group's allocation.
type GroupLook struct {
	Group Group
	Items []string // as AllocationItems lists them
	// LimitsUnknown says that UiPath did not show the limits.
	LimitsUnknown bool
	// Gone says that UiPath does not have the group any more.
	Gone  bool
	Begun time.Time // by the store's clock, before UiPath was asked
}

// NewGroupLook is a look at an allocation.
func NewGroupLook(group Group, a Allocation, begun time.Time) GroupLook {
	return GroupLook{Group: group, Items: AllocationItems(a), LimitsUnknown: a.Quotas == nil, Begun: begun}
}

// AllocationItems lists the codes of an allocation, and its limits as CODE=10.
func AllocationItems(a Allocation) []string {
	items := Union(a.Codes, nil)
	for _, q := range a.Quotas {
		if q.Limit > 0 && slices.Contains(a.Codes, q.Code) {
			items = append(items, q.Code+"="+strconv.Itoa(q.Limit))
		}
	}
	slices.Sort(items)
	return items
}

// splitItem returns the code of an item, and the limit of one that is a limit.
func splitItem(item string) (code string, limit int) {
	code, number, _ := strings.Cut(item, "=")
	limit, _ = strconv.Atoi(number)
	return code, limit
}

func isLimit(item string) bool { return strings.Contains(item, "=") }

// A WatchedGroup is what the watch knows of a group between two looks.
type WatchedGroup struct {
	Group   Group
	Items   []string  // that the group had, and that are explained
	At      time.Time // when the look began that explained all of them
	Settled bool      // the last look explained all that it showed
	Counted []string  // what the bot did of late and Items have already: see deed

	// Gained and Lost are what one look showed and nothing explains; SuspectAt is when
	// that look began. Zero: there is no such difference.
	Gained, Lost []string
	SuspectAt    time.Time
}

// IsNew reports whether no look was taken of the group yet.
func (w WatchedGroup) IsNew() bool { return w.At.IsZero() }

// ExplainedSince is since when requests may explain what a look shows, apart from those that
// an earlier look has counted. clockDoubt is longer than a write in doubt may take, and the last
// look may have been late.
func (w WatchedGroup) ExplainedSince() time.Time { return w.At.Add(-clockDoubt) }

// PutBack puts the look back to now, because it lies in the future: the clock was put back. Deeds
// that had explained what it showed are counted, lest they explain it again.
func (w WatchedGroup) PutBack(now time.Time, own OwnChanges) WatchedGroup {
	back := w
	back.At = now
	for _, r := range own.Requests {
		did := r.writeSince(w.ExplainedSince(), own.isConfirmedSince(w.ExplainedSince()))
		may := r.writeSince(back.ExplainedSince(), own.isConfirmedSince(back.ExplainedSince()))
		if did != wroteNothing || may == wroteNothing || r.LeftCodes() {
			continue
		}
		for _, code := range codesOfRequest(r) {
			back.Counted = Union(back.Counted, []string{r.deed(code)})
		}
	}
	return back
}

// IsCertain reports whether a look shows what is known, and the bot changed nothing since:
// there is nothing to judge.
func (w WatchedGroup) IsCertain(look GroupLook, confirmed Confirmation) bool {
	isQuiet := w.Settled && !w.IsSuspect() && confirmed.At.Before(w.ExplainedSince())
	return isQuiet && !look.LimitsUnknown && w.Group.Name == look.Group.Name && slices.Equal(w.Items, look.Items)
}

// Baseline is what the first look at a group makes known.
func Baseline(look GroupLook) WatchedGroup {
	return WatchedGroup{Group: look.Group, Items: look.Items, At: look.Begun, Settled: true}
}

// LooksOf are the looks that one list of all allocations amounts to. A known group that is
// not in it has no allocation.
func LooksOf(listed []GroupAllocation, known []WatchedGroup, begun time.Time) []GroupLook {
	var looks []GroupLook
	isListed := make(map[string]bool, len(listed))
	for _, one := range listed {
		isListed[one.Group.ID] = true
		if !one.Untold {
			looks = append(looks, NewGroupLook(one.Group, one.Allocation, begun))
		}
	}
	for _, group := range known {
		if !isListed[group.Group.ID] {
			looks = append(looks, GroupLook{Group: group.Group, Begun: begun})
		}
	}
	return looks
}

// TellsAll reports whether a list says what each of its groups has. Otherwise it is no
// evidence that a group which is new later had nothing.
func TellsAll(listed []GroupAllocation) bool {
	return !slices.ContainsFunc(listed, func(one GroupAllocation) bool { return one.Untold })
}

// KnownBefore is what was known of a group before a look at all groups. One that the last
// such look did not show had no allocation. Before the first one all that is shown is known.
func KnownBefore(known []WatchedGroup, look GroupLook, lease WatchLease) WatchedGroup {
	at, found := slices.BinarySearchFunc(known, look.Group.ID, func(w WatchedGroup, id string) int {
		return strings.Compare(w.Group.ID, id)
	})
	switch {
	case found:
		return known[at]
	case lease.ListedAt.IsZero():
		first := Baseline(look)
		first.Settled = false // it is to be kept
		return first
	}
	return WatchedGroup{Group: look.Group, At: lease.ListedAt}
}

// DealtWith lists the groups that the bot watches without a list of all: those it knows, and
// those it has changed.
func DealtWith(known []WatchedGroup, confirmed map[string]Confirmation) []WatchedGroup {
	all := slices.Clone(known)
	for _, id := range slices.Sorted(maps.Keys(confirmed)) {
		if !slices.ContainsFunc(known, func(w WatchedGroup) bool { return w.Group.ID == id }) {
			all = append(all, WatchedGroup{Group: Group{ID: id}})
		}
	}
	return all
}

// IsSuspect reports whether a difference waits for its second look.
func (w WatchedGroup) IsSuspect() bool { return !w.SuspectAt.IsZero() }

// An OutsideChange is a change of an allocation that no request explains.
type OutsideChange struct {
	ID           string
	Group        Group
	Gained, Lost []string  // codes, and limits as CODE=10
	Items        []string  // that the group has since
	Since        time.Time // the last look that did not show it
	SeenAt       time.Time // the first look that showed it
	Gone         bool      // UiPath does not have the group any more
	Edits        []PortalEdit
	Silent       bool // the policy wants no message about it
	Unread       bool `json:",omitempty"` // the channel was not read, which may tell of a request that explains it
}

// NewChangeID returns a fresh id such as "C-7K3F9QXA".
func NewChangeID() string { return "C-" + strings.TrimPrefix(NewID(), "R-") }

// An UntoldChange is a change with what is known of the message about it.
type UntoldChange struct {
	OutsideChange
	TriedAt time.Time // when a message was last tried; zero: never
	Channel string    // of the message
	TS      string    // of the message, once it stands
	Button  bool      // the message has a button that puts the change back
}

// A WatchLease is the look of one replica.
type WatchLease struct {
	Fence    int64
	Begun    time.Time
	All      bool      // all groups are due, and not only the suspect ones
	ListedAt time.Time // when the last look at all groups began; zero: there was none
}

// A PortalEdit is an entry of UiPath's audit log that may be the change.
type PortalEdit struct {
	At   time.Time `json:"at"`
	By   string    `json:"by" words:"person"` // a name or an address
	What string    `json:"what" words:"text"` // in UiPath's words
}

// OwnChanges are what the bot did to a group, as far as it may explain a difference. They
// are read after the look.
type OwnChanges struct {
	Confirmed Confirmation // the last one
	Requests  []Request    // open, or in effect, or closed of late; foreign ones included
	Unread    bool         // the channel was not read since the start: it may tell of more
}

// unreadDoubt is how long a difference waits for the channel to be read.
const unreadDoubt = time.Hour

// isConfirmedSince reports whether UiPath confirmed a change since a time.
func (own OwnChanges) isConfirmedSince(since time.Time) bool { return !own.Confirmed.At.Before(since) }

// JudgeLook compares a look with what is known of a group, and returns what is known
// then. The change is nil unless it happened outside of the bot for certain: two looks show
// the same difference, longer apart than a read may be late, and nothing that the bot did or
// may have done explains it. While the channel is unread, the difference is kept and waits.
func JudgeLook(known WatchedGroup, look GroupLook, own OwnChanges) (next WatchedGroup, change *OutsideChange) {
	e := explain(known, look, own)
	next = known
	next.Group = newerGroup(known.Group, look.Group)
	gained, lost := Without(e.judged(look.Items), e.expected), Without(e.judged(e.expected), look.Items)
	if len(gained)+len(lost) == 0 {
		return e.accept(next, look), nil
	}
	isSame := known.IsSuspect() && slices.Equal(gained, known.Gained) && slices.Equal(lost, known.Lost)
	if !isSame {
		next.Gained, next.Lost, next.SuspectAt, next.Settled = gained, lost, look.Begun, false
		return next, nil
	}
	wait := ReadLag
	if own.Unread {
		wait = unreadDoubt
	}
	if look.Begun.Sub(known.SuspectAt) < wait {
		return next, nil
	}
	change = &OutsideChange{
		Group: next.Group, Gained: gained, Lost: lost, Items: look.Items,
		Since: known.At, SeenAt: known.SuspectAt, Gone: look.Gone,
		Unread: own.Unread,
	}
	next = e.accept(next, look)
	for _, code := range codesAmong(Union(gained, lost)) { // two looks agree
		next.Counted = append(next.Counted, e.recent[code]...)
	}
	return next, change
}

// newerGroup keeps the known name of a group where a look does not tell it.
func newerGroup(known, seen Group) Group {
	if seen.Name == "" {
		return known
	}
	return seen
}

// An explanation is what a look may show without a change outside.
type explanation struct {
	expected  []string
	heldCodes []string // what they are now may change at any moment
	limits    bool     // limits are judged
	holds     bool     // something is not settled, so the next look needs the same facts
	known     []string
	before    []string            // deeds that an earlier look has counted
	counted   []string            // deeds that the look shows for certain
	recent    map[string][]string // deeds that it may not show, by code
}

// explain works out what a look should show. A code that a request of the bot changed since
// is expected as UiPath confirmed it. A code that the bot may be changing, or that UiPath
// may show late, is not judged. So are limits while the bot writes: a write replaces all.
func explain(known WatchedGroup, look GroupLook, own OwnChanges) explanation {
	since := known.ExplainedSince()
	confirmed := own.isConfirmedSince(since)
	fresh := confirmed && mayBeLate(own.Confirmed.At, look.Begun)
	e := explanation{
		known: known.Items, limits: !look.LimitsUnknown, before: known.Counted, recent: map[string][]string{},
	}
	var absorbed, settled []string
	all := codesAmong(Union(Union(known.Items, look.Items), own.Confirmed.Codes))
	for _, r := range own.Requests {
		did := r.writeSince(since, confirmed)
		if did == wroteNothing {
			continue
		}
		codes := codesOfRequest(r)
		if r.Proposal.CodesUntold {
			codes = Union(codes, all)
		}
		if did == mayWrite {
			e.heldCodes = Union(e.heldCodes, codes)
			continue
		}
		codes = e.dropCounted(r, codes, look, fresh)
		if did == confirmedWrite {
			settled = Union(settled, codes)
		} else {
			absorbed = Union(absorbed, codes)
		}
	}
	switch {
	case fresh: // reads may not show it yet
		e.heldCodes, settled = Union(e.heldCodes, settled), nil
	case !confirmed:
		absorbed, settled = Union(absorbed, settled), nil
	}
	e.holds = len(e.heldCodes) > 0 || fresh
	ownCodes := Union(Union(e.heldCodes, settled), absorbed)
	e.limits = e.limits && len(ownCodes) == 0 && !fresh
	for _, item := range Union(Union(known.Items, look.Items), own.Confirmed.Codes) {
		if e.expects(item, known, look, own, settled, absorbed) {
			e.expected = append(e.expected, item)
		}
	}
	return e
}

func (e explanation) expects(
	item string, known WatchedGroup, look GroupLook, own OwnChanges, settled, absorbed []string,
) bool {
	code, _ := splitItem(item)
	switch {
	case isLimit(item):
		return slices.Contains(known.Items, item)
	case slices.Contains(absorbed, code):
		return slices.Contains(look.Items, item)
	case slices.Contains(settled, code):
		return slices.Contains(own.Confirmed.Codes, code)
	}
	return slices.Contains(known.Items, item)
}

// judged keeps the items whose difference counts.
func (e explanation) judged(items []string) []string {
	return slices.DeleteFunc(slices.Clone(items), func(item string) bool {
		code, _ := splitItem(item)
		return slices.Contains(e.heldCodes, code) || isLimit(item) && !e.limits
	})
}

// accept takes what a look showed for known. What is held stays as it was known.
func (e explanation) accept(next WatchedGroup, look GroupLook) WatchedGroup {
	isHeld := func(item string) bool {
		code, _ := splitItem(item)
		return slices.Contains(e.heldCodes, code) || isLimit(item) && (e.holds || look.LimitsUnknown)
	}
	shown := slices.DeleteFunc(slices.Clone(look.Items), isHeld)
	kept := slices.DeleteFunc(slices.Clone(e.known), func(item string) bool { return !isHeld(item) })
	next.Items = Union(shown, kept)
	next.Gained, next.Lost, next.SuspectAt, next.Settled = nil, nil, time.Time{}, !e.holds
	next.Counted = e.counted
	if !e.holds {
		next.At = look.Begun
	}
	return next
}

// A writeKind is what a request may have to do with a difference.
type writeKind int

const (
	wroteNothing   writeKind = iota
	mayWrite                 // its write is due, or reads may not show it yet
	confirmedWrite           // UiPath confirmed what it did
	mayHaveWritten           // nothing tells what it did
)

// writeSince tells what a request may have done to its group since a time. confirmed says
// that UiPath confirmed a change since then.
func (r Request) writeSince(since time.Time, confirmed bool) writeKind {
	revoked := r.Grant != nil && r.Grant.Revocation != nil && !r.Grant.Revocation.At.Before(since)
	switch {
	case r.Proposal == nil:
		return wroteNothing
	case r.State == Approved, r.State == Pending && r.WriteAttempted, r.AwaitsRevocation():
		return mayWrite
	case r.IsForeign() && !r.ClosedAt.Before(since):
		return mayHaveWritten
	case r.MayHaveEffect() && !r.ClosedAt.Before(since), r.LeftCodes():
		return mayHaveWritten
	case r.IsInEffect() && !r.ClosedAt.Before(since), revoked, r.EffectFound && confirmed:
		return confirmedWrite
	}
	return wroteNothing
}

// dropCounted takes the codes out of a request's that an earlier look has counted, and notes
// which of the others this one counts. Codes that a request left are never counted.
func (e *explanation) dropCounted(r Request, codes []string, look GroupLook, fresh bool) []string {
	if r.LeftCodes() {
		return codes
	}
	return slices.DeleteFunc(slices.Clone(codes), func(code string) bool {
		deed := r.deed(code)
		isCounted := slices.Contains(e.before, deed)
		if isCounted || !fresh && r.isShownBy(look) {
			e.counted = append(e.counted, deed)
		} else {
			e.recent[code] = append(e.recent[code], deed)
		}
		return isCounted
	})
}

// deed names the last thing that a request did to a code of its group.
func (r Request) deed(code string) string {
	if r.Proposal.CodesUntold {
		code = "*" // whatever it did, a look shows all of it
	}
	deed := r.ID + " " + code + " " + string(r.State)
	if r.EffectFound {
		deed += " found"
	}
	if r.Grant != nil && r.Grant.Revocation != nil {
		deed += " revoked " + strconv.Itoa(r.Grant.attemptNumber())
	}
	return deed
}

// isShownBy reports whether a look shows for certain what the request did: even a write in
// doubt had taken effect, and a read that was late had it. What lies far in the future was done
// before the clock was put back, and WatchPauseAfter has passed since.
func (r Request) isShownBy(look GroupLook) bool {
	at := r.ClosedAt
	if r.Grant != nil && r.Grant.Revocation != nil {
		at = r.Grant.Revocation.At
	}
	return at.Sub(look.Begun).Abs() > clockDoubt
}

// codesOfRequest lists all codes that a request may have changed.
func codesOfRequest(r Request) []string {
	if r.Proposal == nil {
		return nil
	}
	codes := Union(r.Proposal.Change.AllCodes(), nil)
	if r.Grant != nil && r.Grant.Revocation != nil {
		codes = Union(codes, r.Grant.Revocation.Removed)
	}
	for _, q := range r.Proposal.Change.Quotas {
		codes = Union(codes, []string{q.Code})
	}
	return codes
}

// PutBack is the ask that takes a change back; false if no request can.
func (c OutsideChange) PutBack() (Ask, bool) {
	ask := Ask{Group: c.Group.ID, Reason: putBackReason}
	var gained, lost []string
	for _, item := range c.Gained {
		if !isLimit(item) {
			gained = append(gained, item)
		}
	}
	for _, item := range c.Lost {
		code, limit := splitItem(item)
		if isLimit(item) {
			ask.Quotas = append(ask.Quotas, Quota{Code: code, Limit: limit})
		}
		lost = Union(lost, []string{code})
	}
	switch present := codesAmong(c.Items); {
	case c.Gone, len(gained)+len(lost) == 0:
		return Ask{}, false
	case len(lost) == 0:
		ask.Action, ask.Codes = Remove, gained
		ask.MayEmpty = len(Without(present, gained)) == 0
	case len(gained) == 0:
		ask.Action, ask.Codes = Add, lost
	default:
		ask.Action, ask.Codes = Set, Union(Without(present, gained), lost)
	}
	return ask, true
}

const putBackReason = "it changed outside of Slack"

// codesAmong lists the codes among items.
func codesAmong(items []string) []string {
	return slices.DeleteFunc(slices.Clone(items), isLimit)
}
