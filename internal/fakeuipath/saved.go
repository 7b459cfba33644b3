package fakeuipath

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// savedOrganization is what Save keeps: the organization as the portal shows it, and its
// credentials. Calls, tokens and faults are not in it.
type savedOrganization struct {
	Address, AccountID           string
	ClientID, ClientSecret       string
	Username, Password, TenantID string
	Owned                        map[string]savedSeats
	Groups                       map[string]savedGroup
}

type savedSeats struct{ Total, Used int }

type savedGroup struct {
	Group
	HasAllocation bool
	Created       time.Time
}

// Save returns the groups with their allocations, the seats and the credentials, for
// [Config.Saved].
func (u *Server) Save() ([]byte, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	saved := savedOrganization{
		Address: u.server.Addr, AccountID: u.cfg.AccountID, ClientID: u.clientID, ClientSecret: u.clientSecret,
		Username: u.username, Password: u.password, TenantID: u.tenantID,
		Owned: map[string]savedSeats{}, Groups: map[string]savedGroup{},
	}
	for code, seats := range u.owned {
		saved.Owned[code] = savedSeats{seats.total, seats.allocated}
	}
	for id, g := range u.groups {
		saved.Groups[id] = savedGroup{g.Group, g.hasAllocation, g.created}
	}
	return json.Marshal(saved)
}

// parseSaved reads what Save returned.
func parseSaved(text []byte) (savedOrganization, error) {
	var saved savedOrganization
	if err := json.Unmarshal(text, &saved); err != nil {
		return saved, fmt.Errorf("fakeuipath: the saved organization is not understood: %w", err)
	}
	if saved.Address == "" || saved.AccountID == "" {
		return saved, errors.New("fakeuipath: the saved organization has no address or no account id")
	}
	return saved, nil
}

// restore puts a saved organization in the place of the empty one, before it is served.
func (u *Server) restore(saved savedOrganization) {
	u.cfg.AccountID, u.clientID, u.clientSecret = saved.AccountID, saved.ClientID, saved.ClientSecret
	u.username, u.password, u.tenantID = saved.Username, saved.Password, saved.TenantID
	for code, seats := range saved.Owned {
		u.owned[code] = seatCount{total: seats.Total, allocated: seats.Used}
	}
	for id, g := range saved.Groups {
		u.groups[id] = &storedGroup{Group: g.Group, hasAllocation: g.HasAllocation, created: g.Created}
	}
}
