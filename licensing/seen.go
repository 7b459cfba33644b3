package licensing

import (
	"sync"
	"time"
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
