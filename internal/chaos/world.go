//go:build linux

package chaos

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"licensebot/internal/chaos/judge"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// The places of a world.
const (
	approvalsChannel = "C0APPROVALS"
	anyChannel       = "C0GENERAL"
	approverGroup    = "S0APPROVERS"
	command          = "/allocate"
)

// uipathURL is where all replicas find UiPath: requests belong to it. Each replica
// gets there by a proxy, which is a wire of its own. Slack's address is a loopback
// address, which no proxy is asked for.
const uipathURL = "http://uipath.test"

// The people of a world. Boss approves and asks; nobody approves their own.
const (
	robin     = "U0ROBIN"
	kim       = "U0KIM"
	boss      = "U0BOSS"
	anna      = "U0ANNA"
	ben       = "U0BEN"
	carla     = "U0CARLA"
	dario     = "U0DARIO"
	guest     = "U0GUEST"
	bystander = "U0GAWKER"
)

var (
	requesters          = []string{robin, kim, boss}
	configuredApprovers = []string{anna, ben, approverGroup}      // as configured
	groupMembers        = []string{carla, dario, boss, guest}     // the user group at the beginning
	voters              = []string{anna, ben, carla, dario, boss} // their votes may count
	people              = append([]string{robin, kim, guest, bystander}, voters...)
	owned               = []string{"RPADEVPRONU", "IDU", "ATTUNU", "CTZDEVCU", "RPADEVNU", "TSTNU", "PMINU", "ACNU"}
	groupNames          = map[string]string{
		"group-01": "Finance Robots", "group-02": "Human Resources", "group-03": "Überseehandel & Co",
		"group-04": "QA", "group-05": "R&D <north>",
	}
	limitedGroup  = "group-04" // has a limit of seats, and so another call that writes its rule
	externalGroup = "group-02" // has useExternalLicense
	groupIDs      = []string{"group-01", "group-02", "group-03", "group-04", "group-05"}

	// protectedGroup holds all people or those in charge, under a name that looks the
	// same to a person.
	protectedGroup = "group-06"
	protectedNames = []string{"Everyone", "\uff25veryone", "Every\u200bone", "EVERYONE\u00a0", "Admini\u00adstrators"}
)

// A clock is the time of a world: the machine's, and what the world skipped.
type clock struct{ skipped atomic.Int64 }

func (c *clock) now() time.Time            { return time.Now().Add(c.offset()) }
func (c *clock) offset() time.Duration     { return time.Duration(c.skipped.Load()) }
func (c *clock) skipAhead(d time.Duration) { c.skipped.Add(int64(d)) }

// A world is a Slack and a UiPath with people in them, a database, and the
// replicas that serve them.
type world struct {
	round    Round
	terms    terms
	clock    *clock
	dir      string // for the files of the database and the replicas
	slack    *fakeslack.Server
	uipath   *fakeuipath.Server
	database database
	replicas []*replica
	people   sync.WaitGroup // who are typing
	tally    *Tally
	verbose  io.Writer

	began     time.Time // when its groups came to be
	step      int
	mends     map[int][]func() // by the step at which each is due
	downUntil map[*replica]int // replicas that stay down until a step
	configs   []judge.Config   // of the lives of replicas, in order
	failure   error            // the suite's own
}

// terms are what the bot is configured with.
type terms struct {
	quorum int
	ttl    time.Duration
	skew   time.Duration // the largest of a replica's clock
}

// judgeSetting is what the judge knows of a world.
func (w *world) judgeSetting() judge.Setting {
	return judge.Setting{
		Channel: approvalsChannel, Codes: owned, Groups: groupNames, Protected: []string{protectedGroup}, People: people,
		Voters: append([]string{bystander}, voters...), Named: configuredApprovers, Members: groupMembers,
		Approve: approveEmoji, Deny: denyEmoji,
		Quorum: w.terms.quorum, TTL: w.terms.ttl, Skew: w.terms.clockDoubt(w.round.Store),
		Unhurried: w.round.Store == Postgres, Configs: w.configs,
	}
}

// clockDoubt is how far the clock for deadlines may be off. Replicas with a shared
// database use the database's clock, and it is right.
func (t terms) clockDoubt(store string) time.Duration {
	if store == Postgres {
		return 0
	}
	return t.skew
}

func newWorld(o Options, r Round, tally *Tally) (*world, error) {
	w := &world{
		round: r, clock: &clock{}, tally: tally, verbose: o.Verbose,
		mends: map[int][]func(){}, downUntil: map[*replica]int{},
	}
	d := drawStep(r.Seed, 0)
	w.terms = terms{quorum: 1 + d.IntN(2), ttl: time.Hour, skew: 5 * time.Minute}
	if r.Store == Postgres && d.IntN(4) == 0 {
		w.terms.ttl = time.Minute // its clock cannot be set forward
	}
	dir := filepath.Join(o.Dir, fmt.Sprintf("%s-%d", r.Store, r.Seed))
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	w.dir = dir
	if err := w.buildParts(dir, o.Binary); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) buildParts(dir, binary string) (err error) {
	w.slack, err = fakeslack.New(fakeslack.Config{
		Now: w.clock.now, Seed: w.round.Seed, PingInterval: 2 * time.Second,
		RetryDelays: []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second},
	})
	if err != nil {
		return err
	}
	if w.uipath, err = fakeuipath.New(fakeuipath.Config{Now: w.clock.now}); err != nil {
		return err
	}
	w.addPeople()
	if w.database, err = openDatabase(w.round.Store, dir); err != nil {
		return err
	}
	for i := range w.round.Replicas {
		if err := w.addReplica(i, dir, binary); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) addPeople() {
	for _, id := range people {
		w.slack.AddUser(fakeslack.User{ID: id, Name: strings.ToLower(id[2:]), Restricted: id == guest})
	}
	w.slack.AddChannel(fakeslack.Channel{ID: anyChannel, Name: "general", Members: people})
	w.slack.AddChannel(fakeslack.Channel{ID: approvalsChannel, Name: "approvals",
		Members: append([]string{w.slack.BotUserID()}, people...)})
	w.slack.SetUserGroup(approverGroup, groupMembers...)
	w.began = w.clock.now()
	for _, code := range owned {
		w.uipath.Own(code, 40, 3)
	}
	d := drawStep(w.round.Seed, 0)
	for _, id := range groupIDs {
		g := fakeuipath.Group{ID: id, Name: groupNames[id], Codes: pickSome(d, owned, d.IntN(3))}
		switch id {
		case limitedGroup:
			g.Codes, g.Quotas = owned[:1], map[string]int{owned[0]: 5}
		case externalGroup:
			g.External = true
		}
		w.uipath.AddGroup(g)
	}
	w.uipath.AddGroup(fakeuipath.Group{ID: protectedGroup, Name: pickOne(d, protectedNames)})
}

func (w *world) addReplica(i int, dir, binary string) error {
	slack, err := newWire(hostOf(w.slack.APIURL()))
	if err != nil {
		return err
	}
	uipath, err := newWire(hostOf(w.uipath.URL()))
	if err != nil {
		slack.Close()
		return err
	}
	r := &replica{
		name: fmt.Sprintf("replica %d", i+1), command: []string{binary, "serve"}, dir: dir,
		wires: []*wire{slack, uipath}, log: &tail{},
		env: map[string]string{
			"SLACK_BOT_TOKEN": w.slack.BotToken(), "SLACK_APP_TOKEN": w.slack.AppToken(),
			"SLACK_API_URL": "http://" + slack.Addr() + "/api/",
			"UIPATH_URL":    uipathURL, "HTTP_PROXY": "http://" + uipath.Addr(), "LICENSEBOT_ALLOW_HTTP": "true",
			"UIPATH_ORGANIZATION": w.uipath.Organization(),
			"UIPATH_ACCOUNT_ID":   w.uipath.AccountID(),
			"UIPATH_CLIENT_ID":    w.uipath.ClientID(), "UIPATH_CLIENT_SECRET": w.uipath.ClientSecret(),
			"LICENSEBOT_CANARY":  "off", // its status message is no card
			"LICENSEBOT_CHANNEL": approvalsChannel, "LICENSEBOT_REQUEST_TTL": w.terms.ttl.String(),
			"LICENSEBOT_DENY_EMOJI": denyEmoji,
			"LICENSEBOT_HTTP_ADDR":  "127.0.0.1:0",
		},
	}
	r.configure(w.usualConfig())
	if w.verbose != nil {
		r.log.also = w.verbose
	}
	w.replicas = append(w.replicas, r)
	return w.database.attachReplica(r)
}

// hostOf is the address in a URL of a simulator.
func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	addr, _, _ := strings.Cut(rest, "/")
	return addr
}

// noteStep writes what the suite does into Slack's journal.
func (w *world) noteStep(format string, args ...any) {
	detail := fmt.Sprintf(format, args...)
	w.slack.Mark("chaos", detail)
	if w.verbose != nil {
		_, _ = fmt.Fprintf(w.verbose, "seed %d step %d: %s\n", w.round.Seed, w.step, detail)
	}
}

// noteFault is noteStep for a harmful step, and counts it.
func (w *world) noteFault(format string, args ...any) {
	w.noteStep(format, args...)
	w.tally.countFaults(1)
}

// noteStall notes that a process or the database is held up, so that the judge does
// not know how long a write was under way.
func (w *world) noteStall(what string) { w.slack.Mark(judge.StallMark, what) }

// awaitEvents waits until the simulators have seen some more happen, or for limit:
// what comes next then meets the bot in the middle of something.
func (w *world) awaitEvents(ctx context.Context, events int, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	enough := w.slack.Length() + events
	_ = w.slack.Wait(ctx, func() bool { return w.slack.Length() >= enough })
}

func (w *world) close() {
	for _, r := range w.replicas {
		r.thaw()
		r.kill()
		for _, wire := range r.wires {
			wire.Close()
		}
	}
	if w.slack != nil {
		w.slack.Close()
	}
	w.people.Wait()
	if w.uipath != nil {
		w.uipath.Close()
	}
	if w.database != nil {
		w.database.close()
	}
}
