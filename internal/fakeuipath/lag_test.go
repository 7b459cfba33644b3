package fakeuipath

import (
	"strings"
	"testing"
	"time"

	"licensebot/internal/testclock"

	"licensebot/internal/fault"
)

// Each read shows what was so long ago: a write, an edit, a new name, a group that
// is gone and one that is new. The other reads show what is so now.
func TestLagOfEachOperation(t *testing.T) {
	const lag = 3 * time.Second
	type reading struct{ path, early, late string }
	plain := reading{"/group/g1", `Bundles":["RPADEVPRONU"]`, `Bundles":["ATTUNU"]`}
	quota := reading{"/group/g1/with-quota", `Codes":["RPADEVPRONU"]`, `Codes":["ATTUNU"]`}
	for operation, r := range map[string]reading{
		"GET group": plain, "GET group with-quota": quota,
		"GET groups with-quota": {"/groups/with-quota", `"Developers"`, `"Renamed"`},
		"GET identity groups":   {"", `"Developers"`, `"Renamed"`},
		"GET identity group":    {"/g1", `"Developers"`, `"Renamed"`},
	} {
		t.Run(operation, func(t *testing.T) {
			clock := testclock.At(time.Unix(1_700_000_000, 0))
			c := startSeeded(t, Config{Now: clock.Now})
			c.u.SetLag(operation, lag)
			clock.Advance(time.Minute)
			c.put(c.licensePath("/group/g1"), `{"userBundleCodes":["ATTUNU"]}`).wantAnswer(t, 200, "ATTUNU")
			c.u.RenameGroup("g1", "Renamed")
			path := c.licensePath(r.path)
			if strings.Contains(operation, "identity") {
				path = c.identityPath(r.path)
			}
			at := func(passed time.Duration, want, other string) {
				t.Helper()
				clock.Advance(passed)
				text := c.get(path).text
				if !strings.Contains(text, want) && want != "" || strings.Contains(text, other) {
					t.Errorf("%s later: %s, want %s and no %s", passed, text, want, other)
				}
			}
			at(0, r.early, r.late)
			at(lag-time.Millisecond, r.early, r.late)
			at(time.Millisecond, r.late, r.early)
			c.u.RemoveGroup("g1")
			at(0, r.late, r.early)
			at(lag, "", r.late)
			c.u.AddGroup(Group{ID: "g1", Name: "Renamed", Codes: []string{"ATTUNU"}})
			at(0, "", r.late)
			c.u.SetLag(operation, 0)
			at(0, r.late, r.early)
		})
	}
}

// An effect can be followed by any answer.
func TestEffectsFollowedByAnyAnswer(t *testing.T) {
	for name, f := range map[string]fault.Fault{
		"403": {Status: 403}, "404": {Status: 404}, "400": {Status: 400}, "409": {Status: 409}, "500": {Status: 500},
		"503": {Status: 503, RetryAfter: "1"}, "429": {Status: 429}, "redirect": {Status: 302, Location: "https://login.example/x"},
		"the asked set": {Codes: fault.AskedCodes},
		"page":          {Body: "<html>", ContentType: "text/html"}, "garbage": {Body: `{"us`}, "another set": {Codes: "ATTUNU IDU"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, effect := range []bool{false, true} {
				c := startSeeded(t, Config{})
				f.Times, f.AfterEffect = 1, effect
				c.u.Inject("PUT group", f)
				reply := c.put(c.licensePath("/group/g1"), `{"userBundleCodes":["IDU"]}`)
				if want := max(f.Status, 200); reply.status != want || reply.header.Get("Location") != f.Location {
					t.Errorf("got %d to %q", reply.status, reply.header.Get("Location"))
				}
				want := map[string]string{fault.AskedCodes: `["IDU"]`, "ATTUNU IDU": `["ATTUNU","IDU"]`}[f.Codes]
				if f.Codes != "" && !strings.Contains(reply.text, `"userBundleCodes":`+want) {
					t.Errorf("got %s", reply.text)
				}
				if took := len(c.u.Writes()) == 1; took != effect {
					t.Errorf("took effect: %v", took)
				}
			}
		})
	}
}

func TestReadsOfAnotherSet(t *testing.T) {
	c := startSeeded(t, Config{})
	for _, suffix := range []string{"", " with-quota"} {
		c.u.Inject("GET group"+suffix, fault.Fault{Times: 1, Codes: "IDU"})
		path := c.licensePath("/group/g1") + strings.Replace(suffix, " ", "/", 1)
		if reply := c.get(path); !strings.Contains(reply.text, `Bundles":["IDU"]`) && !strings.Contains(reply.text, `Codes":["IDU"]`) {
			t.Errorf("got %s", reply.text)
		}
		if reply := c.get(path); !strings.Contains(reply.text, `["RPADEVPRONU"]`) {
			t.Errorf("got %s", reply.text)
		}
	}
}

// An edit between two reads is seen by the second one alone, whether or not the
// first one is harmed.
func TestAfter(t *testing.T) {
	c := startSeeded(t, Config{})
	edit := func() { c.u.Edit("g1", func([]string) []string { return []string{"IDU"} }) }
	c.u.After("GET group", edit)
	c.get(c.licensePath("/group/g1")).wantAnswer(t, 200, `"RPADEVPRONU"]`)
	c.get(c.licensePath("/group/g1")).wantAnswer(t, 200, `"IDU"]`)
	c.u.After("GET group", func() { c.u.RenameGroup("g1", "Renamed") })
	c.u.Inject("GET group", fault.Fault{Times: 1, Cut: true})
	_, _ = c.trySend(c.newRequest("GET", c.licensePath("/group/g1"), "", "")) // net/http may send it again
	c.get(c.identityPath("/g1")).wantAnswer(t, 200, "Renamed")
}

func TestOrphans(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.OrphanGroup("g1")
	c.get(c.identityPath("/g1")).wantAnswer(t, 404, "does not exist")
	c.get(c.licensePath("/groups/with-quota")).wantAnswer(t, 200, `"orphan":true`)
}

func TestWhatCanBeHidden(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.HideQuotas(true)
	c.get(c.licensePath("/group/g1/with-quota")).wantAnswer(t, 404, "")
	c.get(c.licensePath("/groups/with-quota")).wantAnswer(t, 404, "")
	c.u.HideQuotas(false)
	c.get(c.licensePath("/group/g1/with-quota")).wantAnswer(t, 200, "quotas")
	for _, path := range []string{"/group/g1", "/groups/with-quota"} {
		for _, hidden := range []bool{true, false} {
			c.u.HideExternal(hidden)
			if told := strings.Contains(c.get(c.licensePath(path)).text, "useExternalLicense"); told == hidden {
				t.Errorf("%s: hidden %v, told %v", path, hidden, told)
			}
		}
	}
}

// A server may repeat the credentials in every part of its answer.
func TestEcho(t *testing.T) {
	for _, f := range []fault.Fault{
		{Status: 400}, {Status: 302, Location: "https://login.example"}, {Body: "<title>{sent}</title>", ContentType: "text/html"},
	} {
		c := startSeeded(t, Config{})
		f.Echo = true
		c.u.Inject("token", f)
		reply := c.postTokenForm(c.clientForm(""))
		secret := c.u.ClientSecret()
		for part, text := range map[string]string{
			"header": reply.header.Get("WWW-Authenticate"), "location": reply.header.Get("Location"), "body": reply.text,
		} {
			if (part != "location" || f.Location != "") && !strings.Contains(text, secret) {
				t.Errorf("%d: the %s is %q", f.Status, part, text)
			}
		}
		if call := c.u.Calls("token")[0]; strings.Contains(call.Answer, secret) {
			t.Errorf("the journal has %s", call.Answer)
		}
	}
}
