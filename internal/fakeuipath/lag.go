package fakeuipath

import (
	"maps"
	"time"
)

// maxPast is how many earlier states of one group are kept.
const maxPast = 256

// A pastGroup is a state that a group had until a change.
type pastGroup struct {
	until time.Time
	state *storedGroup // nil: there was no group
}

// SetLag makes the reads of an operation show the groups as they were so long
// ago, by Config.Now: "GET group", "GET group with-quota", "GET groups
// with-quota", "POST groups", "GET identity groups" or "GET identity group".
// Writes take effect, and answer, at once. 0 ends the lag.
func (u *Server) SetLag(operation string, lag time.Duration) {
	u.changeState(func() { u.lags[operation] = lag })
}

// keepPast keeps the present state of a group. Each change of a group begins with
// it, under the lock.
func (u *Server) keepPast(id string) {
	before := pastGroup{until: u.cfg.Now()}
	if g, ok := u.groups[id]; ok {
		state := *g
		state.Quotas, state.Usage = maps.Clone(g.Quotas), maps.Clone(g.Usage)
		before.state = &state
	}
	u.past[id] = append(u.past[id], before)
	u.past[id] = u.past[id][max(0, len(u.past[id])-maxPast):]
}

// visibleGroup is a group as the reader of an exchange sees it.
func (x *exchange) visibleGroup(id string) (*storedGroup, bool) {
	if lag := x.u.lags[x.call.Operation]; lag > 0 {
		at := x.now.Add(-lag)
		for _, past := range x.u.past[id] {
			if at.Before(past.until) {
				return past.state, past.state != nil
			}
		}
	}
	g, ok := x.u.groups[id]
	return g, ok
}

// visibleGroups are the groups as the reader of an exchange sees them, by id.
func (x *exchange) visibleGroups() map[string]*storedGroup {
	if x.u.lags[x.call.Operation] <= 0 {
		return x.u.groups
	}
	all := make(map[string]*storedGroup)
	for _, ids := range []map[string]bool{keysOf(x.u.groups), keysOf(x.u.past)} {
		for id := range ids {
			if g, ok := x.visibleGroup(id); ok {
				all[id] = g
			}
		}
	}
	return all
}

func keysOf[V any](m map[string]V) map[string]bool {
	keys := make(map[string]bool, len(m))
	for key := range m {
		keys[key] = true
	}
	return keys
}

// After runs do once, right after the next call of an operation took effect or was
// harmed, and before its answer is sent: an edit between two reads, for example.
// do may call every method of the Server.
func (u *Server) After(operation string, do func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.after[operation] = append(u.after[operation], do)
}

func (u *Server) runAfter(operation string) {
	u.mu.Lock()
	waiting := u.after[operation]
	var do func()
	if len(waiting) > 0 {
		do, u.after[operation] = waiting[0], waiting[1:]
	}
	u.mu.Unlock()
	if do != nil {
		do()
	}
}
