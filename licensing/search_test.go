package licensing

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

func TestSearchGroups(t *testing.T) {
	s := newStand(t)
	s.on("GET "+idRoute, says(200, `[{"id":"`+guidA+`","name":"Finance"},{"id":"`+guidB+`","name":"Finance Robots"},
		{"id":"g-3","name":"Développeurs"},{"id":"g-4","name":"Team Finance"},{"id":"g-5","name":"Refinance"},{"id":"g-6"}]`))
	s.on("GET "+listRoute, says(403, ``))
	a := NewAllocations(s.client(t))
	for query, want := range map[string]string{
		"finance":              "Finance, Finance Robots, Team Finance, Refinance",
		" FINANCE ROBOTS":      "Finance Robots",
		"DÉV":                  "Développeurs",
		"finanse":              "Finance", // spelled like it
		guidA:                  "Finance",
		strings.ToUpper(guidB): "Finance Robots",
		"ce684f":               "Finance",
		"g-6":                  "g-6",
		"warehouse":            "",
	} {
		found, err := a.Groups(context.Background(), query, 10)
		if got := shownGroups(found); err != nil || got != want {
			t.Errorf("%q finds %q, %v; want %q", query, got, err, want)
		}
	}
	if found, _ := a.Groups(context.Background(), "fin", 2); len(found) != 2 || found[0] != groupname.Group(guidA, "Finance") {
		t.Errorf("at most two are %+v", found)
	}
	if n := s.count("GET " + idRoute); n != 1 {
		t.Errorf("UiPath was read %d times", n)
	}
}

func shownGroups(groups []approvals.Group) string {
	var shown []string
	for _, g := range groups {
		if g.Name == "" {
			g.Name = g.ID
		}
		shown = append(shown, g.Name)
	}
	return strings.Join(shown, ", ")
}

const ownedRoute = "/base/acme/lease_/api/account/" + accountID + "/user-license"

func TestSeatsFromMemory(t *testing.T) {
	s, at := newStand(t), newClock()
	s.on("GET "+ownedRoute, says(200, `[{"code":"IDU","allocated":9,"total":5},{"code":"AKIT","allocated":1,"total":2}]`))
	a := NewAllocations(s.client(t, func(c *Config) { c.Now = at.now }))
	owned, err := a.Seats(context.Background())
	if want := "[{AKIT 1 2} {IDU 9 5}]"; err != nil || fmt.Sprint(owned) != want {
		t.Errorf("%v, %v", owned, err)
	}
	s.on("GET "+ownedRoute, says(503, ``))
	at.pass(refreshAge + time.Second)
	if owned, err := a.Seats(context.Background()); err != nil || len(owned) != 2 {
		t.Errorf("%v, %v while UiPath is down", owned, err)
	}
	if got := meaning(a.Reachable(context.Background())); !strings.HasPrefix(got, "later") {
		t.Errorf("UiPath, which is down, is %s", got)
	}
}
