package licensing

import (
	"slices"
	"strings"
	"sync"
	"time"

	"licensebot/internal/groupname"
)

// An endpoint is what UiPath has answered before. What is missing later has not
// gone for that.
type endpoint string

const (
	plainEndpoint endpoint = ""
	quotaEndpoint endpoint = withQuota
	externalField endpoint = "useExternalLicense"
)

// noQuotasAge is how long two 404s stand for an installation without quotas.
const noQuotasAge = time.Minute

// An endpointMemory remembers for the life of a client what UiPath offers.
type endpointMemory struct {
	mu         sync.Mutex
	known      map[endpoint]bool
	noQuotasAt time.Time // when UiPath last had no quotas; zero: never

	limited  map[string]map[string]bool // the codes of each group that had a limit when last told
	absences map[string]absence         // of what a group may have and looks do not show
}

// An absence is a run of looks that do not show a thing: the codes of a group, a limit, a name.
type absence struct{ first, last time.Time }

// Two looks that do not show a thing prove together that it is gone. They lie this far apart: jobs
// that wait look at least every ten minutes.
const (
	secondLookAfter  = 10 * time.Second
	secondLookWithin = 20 * time.Minute
)

// lacks takes a look that does not show a thing. It reports whether an earlier look agrees.
func (m *endpointMemory) lacks(thing string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lacksLocked(thing, now)
}

// shows takes a look that shows a thing.
func (m *endpointMemory) shows(thing string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.absences, thing)
}

func (m *endpointMemory) lacksLocked(thing string, now time.Time) bool {
	run, isKnown := m.absences[thing]
	if !isKnown || now.Before(run.first) || now.Sub(run.last) > secondLookWithin {
		run.first = now
	}
	run.last = now
	if m.absences == nil {
		m.absences = map[string]absence{}
	}
	m.absences[thing] = run
	return now.Sub(run.first) >= secondLookAfter
}

// missesLimits takes what with-quota tells of the limits of a group with codes, nil for nothing.
// missing means that a code had a limit and no earlier look agrees that it is gone. leftOut means
// that this memory cannot tell: another process may have seen limits.
func (m *endpointMemory) missesLimits(
	groupID string, codes []string, told []Quota, now time.Time,
) (missing, leftOut bool) {
	id := memoryKey(groupID)
	m.mu.Lock()
	defer m.mu.Unlock()
	leftOut = told == nil && m.limited[id] == nil
	if told != nil {
		m.limitCodes(id, quotaCodes(told))
	}
	for code := range m.limited[id] {
		limit := limitOf(id, code)
		switch {
		case slices.ContainsFunc(told, func(q Quota) bool { return q.Code == code }):
			delete(m.absences, limit)
		case !slices.Contains(codes, code):
			delete(m.limited[id], code)
			delete(m.absences, limit)
		case m.lacksLocked(limit, now):
			delete(m.limited[id], code)
		default:
			missing = true
		}
	}
	return missing, leftOut
}

// expectLimits takes over that codes of a group had a limit. A run of looks that agree they have
// none any more goes on.
func (m *endpointMemory) expectLimits(groupID string, codes []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(codes) > 0 {
		m.limitCodes(memoryKey(groupID), NormalizeCodes(codes...))
	}
}

// limitCodes is called under the lock.
func (m *endpointMemory) limitCodes(id string, codes []string) {
	if m.limited == nil {
		m.limited = map[string]map[string]bool{}
	}
	if m.limited[id] == nil {
		m.limited[id] = map[string]bool{}
	}
	for _, code := range codes {
		m.limited[id][code] = true
	}
}

func quotaCodes(quotas []Quota) []string {
	codes := make([]string, len(quotas))
	for i, q := range quotas {
		codes[i] = q.Code
	}
	return codes
}

func memoryKey(groupID string) string { return strings.ToLower(groupname.CanonicalID(groupID)) }

// What a look may lack. An id has no line break.
func codesOf(groupID string) string  { return memoryKey(groupID) + "\ncodes" }
func nameOf(groupID string) string   { return memoryKey(groupID) + "\nname" }
func limitOf(id, code string) string { return id + "\nlimit\n" + code }

func (m *endpointMemory) note(e endpoint) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[endpoint]bool{}
	}
	m.known[e] = true
}

func (m *endpointMemory) has(e endpoint) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[e]
}

func (m *endpointMemory) noteNoQuotas(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noQuotasAt = now
}

func (m *endpointMemory) lacksQuotas(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.noQuotasAt.IsZero() && now.Sub(m.noQuotasAt) < noQuotasAge
}
