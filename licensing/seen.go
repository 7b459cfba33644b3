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

	// limited has the groups of which with-quota told limits last, and when an answer
	// first left the limits out since; zero: none did.
	limited map[string]time.Time
}

// lostLimitsAge is the time between the two looks that together say that a group has no
// limits any more, although neither says so in plain words.
const lostLimitsAge = 10 * time.Second

// missesLimits takes what with-quota tells of a group's limits, nil for nothing. It
// reports whether limits that it told before are missing, and no earlier look agrees.
func (m *endpointMemory) missesLimits(groupID string, told []Quota, now time.Time) bool {
	id := strings.ToLower(groupname.CanonicalID(groupID))
	m.mu.Lock()
	defer m.mu.Unlock()
	missed, had := m.limited[id]
	switch {
	case len(told) > 0:
		if m.limited == nil {
			m.limited = map[string]time.Time{}
		}
		m.limited[id] = time.Time{}
	case told != nil, had && !missed.IsZero() && now.Sub(missed) >= lostLimitsAge:
		delete(m.limited, id)
	case had:
		if missed.IsZero() || missed.After(now) {
			m.limited[id] = now
		}
		return true
	}
	return false
}

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
