package fakeuipath

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"licensebot/internal/fault"
)

// A Config says what kind of UiPath to be. Where the behavior of the real
// service is unknown, the zero value is the behavior that hurts a careless
// client most.
type Config struct {
	Now          func() time.Time // for token expiry and the journal; default time.Now
	Organization string           // logical name, as in the URL; default "acme"
	AccountID    string           // organization id, also the partition id of its groups; default a fresh GUID
	TokenLife    time.Duration    // of client credentials tokens; default one hour

	// Saved is what Save of an earlier Server returned. The organization goes on with it,
	// at the same address and with the same credentials.
	Saved []byte

	// NoQuotaRoutes makes the with-quota routes answer 404. No page documents
	// them for Automation Suite.
	NoQuotaRoutes bool

	// PlainPutKeepsQuotas keeps a group's quotas through a PUT on the route
	// without quotas. By default that PUT drops them: "If quotas are empty,
	// licenses are allocated without limits".
	PlainPutKeepsQuotas bool

	// QuotaPutResetsExternal makes a PUT with quotas but without
	// useExternalLicense set it to false, as the plain PUT does. By default
	// such a PUT keeps it, because the documented body lacks the field.
	QuotaPutResetsExternal bool

	// UnknownCodes is the answer to a PUT with a code that the organization
	// does not own: "" means 200 and an allocation without the code, "404" and
	// "409" mean a refusal.
	UnknownCodes string

	// RefuseEmptyAllocation answers 400 to a PUT without any code. By default the
	// group keeps an empty allocation.
	RefuseEmptyAllocation bool

	// OpenGroups lets the plain routes take any group id; an unknown group has
	// an empty allocation. By default the answer is 404, as on the with-quota
	// routes.
	OpenGroups bool
}

// A Server is one organization's license service ("lease_") and identity
// service on a loopback port. It holds the state that the portal would show. It
// is safe for concurrent use.
//
// Faults harm these operations: "token", "authenticate", "GET group", "PUT
// group", "GET group with-quota", "PUT group with-quota", "GET groups
// with-quota", "POST groups", "GET account", "GET bulk-users", "GET identity
// groups", "GET identity group" and "GET audit events".
type Server struct {
	fault.Faults

	cfg    Config
	routes []apiRoute
	url    string
	server *http.Server
	stop   context.CancelFunc
	served chan struct{}  // closed when the accept loop has ended
	conns  sync.WaitGroup // connections, with their handlers
	once   sync.Once

	clientID, clientSecret       string
	username, password, tenantID string

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change
	closed  bool

	tokens    map[string]issuedToken
	personal  string
	appScopes []string

	owned     map[string]seatCount
	groups    map[string]*storedGroup
	drops     map[string]int
	forgets   int
	noLicense bool
	exceed    bool
	noQuotas  bool
	partition string        // that tokens name; empty: none
	ahead     time.Duration // of the Date header before this machine's clock
	noAudit   bool          // the audit log has nothing of the license service
	noFlag    bool          // answers lack useExternalLicense

	lags  map[string]time.Duration // by operation
	past  map[string][]pastGroup   // by group
	after map[string][]func()      // by operation: what happens right after its next call

	seq     int
	pending map[string]int
	calls   []Call
}

func fillDefaults(cfg *Config) error {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Organization == "" {
		cfg.Organization = "acme"
	}
	if cfg.AccountID == "" {
		cfg.AccountID = uuid.NewString()
	}
	if cfg.TokenLife == 0 {
		cfg.TokenLife = time.Hour
	}
	switch cfg.UnknownCodes {
	case "", "404", "409":
	default:
		return fmt.Errorf("fakeuipath: UnknownCodes is %q, want empty, 404 or 409", cfg.UnknownCodes)
	}
	if strings.Contains(cfg.Organization, "/") {
		return errors.New("fakeuipath: Organization contains a slash")
	}
	return nil
}

// URL is the access URL, such as https://cloud.uipath.com in the cloud. It does
// not include the organization.
func (u *Server) URL() string { return u.url }

// Organization is the organization's logical name, the first part of a path.
func (u *Server) Organization() string { return u.cfg.Organization }

// AccountID is the organization's id.
func (u *Server) AccountID() string { return u.cfg.AccountID }

// ClientID is the app id of the organization's confidential external
// application.
func (u *Server) ClientID() string { return u.clientID }

// ClientSecret is the app secret of ClientID.
func (u *Server) ClientSecret() string { return u.clientSecret }

// Username is an administrator who may sign in by ROPC.
func (u *Server) Username() string { return u.username }

// Password is the password of Username.
func (u *Server) Password() string { return u.password }

// Tenant is the tenant of Username.
func (u *Server) Tenant() string { return u.tenantID }

// changeState runs f under the lock and wakes every Wait.
func (u *Server) changeState(f func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f()
	u.wakeWaiters()
}

func (u *Server) wakeWaiters() {
	close(u.changed)
	u.changed = make(chan struct{})
}

// Wait returns nil as soon as cond holds. It checks cond at the start and at
// every change: a call that arrives or ends, an allocation, an app, a token. It
// fails when ctx ends or the Server closes.
func (u *Server) Wait(ctx context.Context, cond func() bool) error {
	for {
		u.mu.Lock()
		changed, closed := u.changed, u.closed
		u.mu.Unlock()
		if cond() {
			return nil
		}
		if closed {
			return errors.New("fakeuipath: closed")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("fakeuipath: wait: %w", ctx.Err())
		}
	}
}
