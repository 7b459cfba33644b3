package licensing

import (
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

	// limits has what is known of the limits of each group.
	limits map[string]limitsSeen
}

// limitsSeen is what answers of with-quota told last of a group's limits.
type limitsSeen struct {
	none   bool      // there are none
	missed time.Time // otherwise: when an answer first left them out since; zero: none did
}

// lostLimitsAge is the time between the two looks that together say that a group has no
// limits any more, although neither says so in plain words.
const lostLimitsAge = 10 * time.Second

// missesLimits takes what with-quota tells of a group's limits, nil for nothing. missing
// means that there were limits and no earlier look agrees that they are gone. leftOut means
// that this memory cannot tell: another process may have seen limits.
func (m *endpointMemory) missesLimits(groupID string, told []Quota, now time.Time) (missing, leftOut bool) {
	id := limitsKey(groupID)
	m.mu.Lock()
	defer m.mu.Unlock()
	seen, isKnown := m.limits[id]
	switch {
	case told != nil:
		m.setLimits(id, limitsSeen{none: len(told) == 0})
	case !isKnown:
		return false, true
	case seen.none:
	case !seen.missed.IsZero() && now.Sub(seen.missed) >= lostLimitsAge:
		m.setLimits(id, limitsSeen{none: true})
	default:
		if seen.missed.IsZero() || seen.missed.After(now) {
			m.setLimits(id, limitsSeen{missed: now})
		}
		return true, false
	}
	return false, false
}

// expectLimits takes over that a group had limits, unless answers have told better. The look
// that left them out is the first of two.
func (m *endpointMemory) expectLimits(groupID string, now time.Time) {
	id := limitsKey(groupID)
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, isKnown := m.limits[id]; !isKnown {
		m.setLimits(id, limitsSeen{missed: now})
	}
}

// setLimits is called under the lock.
func (m *endpointMemory) setLimits(id string, seen limitsSeen) {
	if m.limits == nil {
		m.limits = map[string]limitsSeen{}
	}
	m.limits[id] = seen
}

func limitsKey(groupID string) string { return strings.ToLower(groupname.CanonicalID(groupID)) }

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
