package bot

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the image of the bot has no time zones of its own

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/bot/slackapi"
	"licensebot/internal/groupname"
)

// An understanding reads commands with what is known of the organization's groups and
// licenses, of the policy's packs, and of the requester's time zone. What UiPath or Slack does not tell in
// time is not known: then the words of a request are recorded as they are, and resolved
// when it is prepared.
type understanding struct {
	uipath    UiPath // nil: nothing is known
	directory *slackapi.Directory
	requests  QueryStore // nil: no request is known
	policy    func() approvals.Policy
	codes     []string // those that have a display name
	codeName  func(code string) (name string, ok bool)
	log       zerolog.Logger

	index     atomic.Pointer[command.Index] // of the groups that UiPath told last
	slowSince atomic.Int64                  // Unix nanoseconds of when UiPath last took too long; zero: it did not
}

// Bounds of what is looked up before a command is acknowledged, within Slack's three
// seconds. Tests double them, for busy machines.
var (
	knownLimit   = 500 * time.Millisecond
	refreshLimit = 600 * time.Millisecond
)

const zoneMaxAge = time.Hour

// While UiPath does not answer, the many people who type share one wait: for a while
// after it, only what is in memory is known.
const (
	slowFor     = 10 * time.Second
	memoryLimit = 20 * time.Millisecond
)

// patience bounds a wait for UiPath.
func (u *understanding) patience(limit time.Duration) time.Duration {
	if time.Since(time.Unix(0, u.slowSince.Load())) < slowFor {
		return memoryLimit
	}
	return limit
}

// noteSlow notes that UiPath took longer than its limit.
func (u *understanding) noteSlow(ctx context.Context, limit time.Duration) {
	if limit > memoryLimit && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		u.slowSince.Store(time.Now().UnixNano())
	}
}

// read reads a command. What is in no list may be newer than the list, so UiPath is
// asked again before a person is told that something is unknown.
func (u *understanding) read(
	ctx context.Context, name string, typed slashCommand, now time.Time,
) (command.Command, error) {
	alone, err := command.Parse(name, typed.Text, now)
	if err == nil && alone.Verb != command.VerbAsk && alone.Verb != command.VerbShow {
		return alone, nil
	}
	return u.readKnowing(ctx, name, typed.UserID, typed.Text, now)
}

// readKnowing reads a command with all that is known.
func (u *understanding) readKnowing(
	ctx context.Context, name, user, text string, now time.Time,
) (command.Command, error) {
	known := u.gather(ctx, user, now)
	known.FindRequest = func(id string) (command.Filed, bool) { return u.findRequest(ctx, id) }
	understood, err := known.Parse(name, text)
	problem, isWrong := errors.AsType[*command.Error](err)
	if !isWrong || !u.refresh(ctx, &known, problem) {
		return understood, err
	}
	return known.Parse(name, text)
}

// findUnknown is the problem of an ask that names a group or a license that UiPath does
// not have, as far as that is known. It is nil if there is none.
func (u *understanding) findUnknown(
	ctx context.Context, user string, ask approvals.Ask, now time.Time,
) *command.Error {
	ask.Reason = "" // there is room for all codes then
	text := strings.TrimPrefix(command.Suggest(ask), command.NameOf(ask))
	_, err := u.readKnowing(ctx, command.NameOf(ask), user, text, now)
	problem, isWrong := errors.AsType[*command.Error](err)
	if !isWrong || problem.Group == "" && !problem.Unlisted {
		return nil
	}
	return problem
}

// gather asks at once for the groups, the licenses and the requester's time zone.
func (u *understanding) gather(ctx context.Context, user string, now time.Time) command.Known {
	ofSlack, cancel := context.WithTimeout(ctx, knownLimit)
	defer cancel()
	limit := u.patience(knownLimit)
	ctx, cancelUiPath := context.WithTimeout(ctx, limit)
	defer cancelUiPath()
	var known command.Known
	var seats []approvals.Seats
	seatsErr := errors.New("there is no UiPath to ask")
	var asking sync.WaitGroup
	asking.Go(func() { known.Now = now.In(u.findZone(ofSlack, user)) })
	if u.uipath != nil {
		asking.Go(func() { known.Groups = u.listGroups(ctx) })
		asking.Go(func() { seats, seatsErr = u.uipath.Seats(ctx) })
	}
	asking.Wait()
	if seatsErr != nil || known.Groups == nil {
		u.noteSlow(ctx, limit)
	}
	known.Licenses, known.Owned = u.listLicenses(seats), seatsErr == nil && len(seats) > 0
	known.Packs = u.policy().Packs
	known.Index = u.indexOf(known.Groups)
	return known
}

// indexOf is the index of a list of groups, made once for each list.
func (u *understanding) indexOf(groups []approvals.Group) *command.Index {
	index := u.index.Load()
	if !index.IsOf(groups) {
		index = command.NewIndex(groups)
		u.index.Store(index)
	}
	return index
}

// listGroups lists all groups, or returns nil if they are not known.
func (u *understanding) listGroups(ctx context.Context) []approvals.Group {
	groups, err := u.uipath.Groups(ctx, "", math.MaxInt32)
	if err != nil || len(groups) == 0 {
		return nil
	}
	return groups
}

// listSeats lists the organization's seats as UiPath told them last. It is empty if
// they are not known.
func (u *understanding) listSeats(ctx context.Context) []approvals.Seats {
	if u.uipath == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, u.patience(memoryLimit))
	defer cancel()
	seats, err := u.uipath.Seats(ctx)
	if err != nil {
		return nil
	}
	return seats
}

// findGroup finds the one listed group of this id or exact name.
func (u *understanding) findGroup(ctx context.Context, ref string) (approvals.Group, bool) {
	if u.uipath == nil {
		return approvals.Group{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, u.patience(knownLimit))
	defer cancel()
	var found []approvals.Group
	name := groupname.Canonical(ref)
	for _, g := range u.listGroups(ctx) {
		if groupname.SameID(g.ID, ref) || groupname.Canonical(g.Name) == name {
			found = append(found, g)
		}
	}
	if len(found) != 1 {
		return approvals.Group{}, false
	}
	return found[0], true
}

// findRequest finds a request that a command names. If the store does not tell, it is not known.
func (u *understanding) findRequest(ctx context.Context, id string) (command.Filed, bool) {
	if u.requests == nil {
		return command.Filed{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, knownLimit)
	defer cancel()
	r, err := u.requests.Request(ctx, id)
	if err != nil {
		return command.Filed{}, false
	}
	filed := command.Filed{Ask: r.Ask}
	if r.AwaitsRevocation() {
		filed.Ends = r.Grant.Until
	}
	return filed, true
}

// listLicenses lists the licenses that have a name and those that are owned.
func (u *understanding) listLicenses(seats []approvals.Seats) []command.License {
	var licenses []command.License
	at := make(map[string]int)
	for _, code := range u.codes {
		name, _ := u.codeName(code)
		at[code] = len(licenses)
		licenses = append(licenses, command.License{Code: code, Name: name})
	}
	for _, s := range seats {
		if i, ok := at[s.Code]; ok {
			licenses[i].Owned = true
			continue
		}
		licenses = append(licenses, command.License{Code: s.Code, Owned: true})
	}
	return licenses
}

// findZone is the time zone of a person's clock. It is UTC if Slack does not tell.
func (u *understanding) findZone(ctx context.Context, user string) *time.Location {
	person, err := u.directory.FindPerson(ctx, user, zoneMaxAge)
	if err != nil {
		u.log.Warn().Err(err).Msg("Slack does not tell a person's time zone; days that they type are days in UTC")
		return time.UTC
	}
	if zone, err := time.LoadLocation(person.TimeZone); err == nil && person.TimeZone != "" {
		return zone
	}
	if person.UTCOffset == 0 {
		return time.UTC
	}
	return time.FixedZone("", int(person.UTCOffset/time.Second))
}

// refresh asks UiPath for what was looked for in vain, and reports whether something
// is known better. If UiPath does not answer, the lists are not trusted any more.
func (u *understanding) refresh(ctx context.Context, known *command.Known, problem *command.Error) bool {
	limit := u.patience(refreshLimit)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() { u.noteSlow(ctx, limit) }()
	isBetter := false
	if problem.Group != "" && known.Groups != nil {
		group, err := u.uipath.FindGroup(ctx, problem.Group)
		switch {
		case err == nil:
			known.Groups, isBetter = append(known.Groups, group), true
		case !isUnknownGroup(err):
			known.Groups, isBetter = nil, true
		}
	}
	if problem.Unlisted && known.Owned {
		seats, err := u.uipath.Owned(ctx)
		known.Licenses, known.Owned, isBetter = u.listLicenses(seats), err == nil && len(seats) > 0, true
	}
	return isBetter
}

// isUnknownGroup reports whether UiPath answered that it has no such group.
func isUnknownGroup(err error) bool {
	_, ok := errors.AsType[*approvals.GroupError](err)
	return ok
}
