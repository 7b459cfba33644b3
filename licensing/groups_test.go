package licensing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	guidA = "ce684f6f-5af3-4e43-8516-1adad6e98fc9"
	guidB = "0b000000-0000-0000-0000-00000000000b"
	guidC = "0c000000-0000-0000-0000-00000000000c"
	guidD = "0d000000-0000-0000-0000-00000000000d"
)

const identityAnswer = `[{"id":"` + guidA + `","name":"Everyone","displayName":"Everyone","type":0,"members":[{"id":"x"}]},
	{"id":"0B000000-0000-0000-0000-00000000000B","name":"Développeurs","type":"custom","members":null}]`

// rulesAnswer gives two groups on the first page and none on the next.
func rulesAnswer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("skip") != "0" {
		says(200, `{"results":[],"totalCount":2}`)(w, r)
		return
	}
	says(200, `[{"results":[
		{"groupRule":{"id":"`+guidB+`","name":"Other name","userBundleLicenses":["IDU"],"userBundleLeases":{"IDU":0}},"quotas":[{"userBundleCode":"IDU","limit":0.0}]},
		{"groupRule":{"id":"`+guidC+`","name":"AD Testers","orphan":true}}],"totalCount":2}]`)(w, r)
}

func groupStand(t *testing.T) *stand {
	s := newStand(t)
	s.on("GET "+idRoute, says(200, identityAnswer))
	s.on("GET "+listRoute, rulesAnswer)
	return s
}

func names(groups []Group) string {
	var all []string
	for _, g := range groups {
		all = append(all, g.Name+"="+g.ID[:2]+"="+strconv.FormatBool(g.Known))
	}
	return strings.Join(all, " ")
}

func TestGroupsUnitesBothLists(t *testing.T) {
	s := groupStand(t)
	groups, err := s.client(t).ListGroups(context.Background())
	if want := "AD Testers=0c=true Développeurs=0b=true Everyone=ce=true"; err != nil || names(groups) != want {
		t.Errorf("got %s, %v\nwant %s", names(groups), err, want)
	}
	var queries []string
	for _, r := range s.requests() {
		if r.Path == listRoute {
			queries = append(queries, r.Query)
		}
	}
	if fmt.Sprint(queries) != "[skip=0&top=50 skip=2&top=50]" {
		t.Errorf("queries are %v", queries)
	}
}

// A short page is not the last one, and a server that ignores skip is left.
func TestPages(t *testing.T) {
	for name, c := range map[string]struct {
		perPage, total, groups, requests int
		ignoresSkip                      bool
	}{
		"short pages":   {perPage: 3, total: 8, groups: 8, requests: 4},
		"skip ignored":  {perPage: 50, total: 50, groups: 50, requests: 2, ignoresSkip: true},
		"several pages": {perPage: 50, total: 120, groups: 120, requests: 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.on("GET "+idRoute, says(403, `{}`))
			s.on("GET "+listRoute, func(w http.ResponseWriter, r *http.Request) {
				skip, _ := strconv.Atoi(r.URL.Query().Get("skip"))
				if c.ignoresSkip {
					skip = 0
				}
				var items []string
				for i := skip; i < min(skip+c.perPage, c.total); i++ {
					items = append(items, fmt.Sprintf(`{"groupRule":{"id":"g%03d","name":"n%d"}}`, i, i))
				}
				says(200, `{"results":[`+strings.Join(items, ",")+`]}`)(w, r)
			})
			groups, err := s.client(t).ListGroups(context.Background())
			if err != nil || len(groups) != c.groups || s.count("GET "+listRoute) != c.requests {
				t.Errorf("got %d groups, %v, %d requests", len(groups), err, s.count("GET "+listRoute))
			}
		})
	}
}

// A group that moved to another page while the list was read is found by a second look. Its
// name has no NUL.
func TestAGroupThatOneListLacks(t *testing.T) {
	s := newStand(t)
	s.on("GET "+idRoute, says(200, `[]`))
	s.on("GET "+idRoute+"/"+guidC, says(404, `{}`))
	lists := 0
	s.on("GET "+listRoute, func(w http.ResponseWriter, r *http.Request) {
		item := ""
		if r.URL.Query().Get("skip") == "0" {
			if lists++; lists > 1 {
				item = `{"groupRule":{"id":"` + guidC + `","name":"AD\u0000 Testers"}}`
			}
		}
		says(200, `{"results":[`+item+`]}`)(w, r)
	})
	client := s.client(t, func(c *Config) { c.Now = time.Now })
	group, err := client.ReadGroup(context.Background(), guidC)
	if err != nil || group.Name != "AD Testers" {
		t.Errorf("%+v, %v", group, err)
	}
}

func TestListsOutOfReach(t *testing.T) {
	for name, c := range map[string]struct {
		identity, rules http.HandlerFunc
		groups          int
		status          int // of the error, 0 for none
	}{
		"identity forbidden":          {says(403, `{}`), rulesAnswer, 2, 0},
		"identity under-scoped":       {says(401, ``), rulesAnswer, 2, 0},
		"rules not offered":           {says(200, identityAnswer), nil, 2, 0},
		"identity down":               {says(500, ``), rulesAnswer, 2, 500},
		"rules too often":             {says(200, identityAnswer), says(429, ``), 2, 429},
		"both forbidden":              {says(403, `{}`), says(404, `{}`), 0, 404},
		"both refused":                {says(400, `{}`), says(403, `{}`), 0, 400},
		"one down, the other refused": {says(403, ``), says(503, ``), 0, 503},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.answers["GET "+idRoute], s.answers["GET "+listRoute] = c.identity, c.rules
			groups, err := s.client(t).ListGroups(context.Background())
			if len(groups) != c.groups || (err != nil) != (c.status != 0) {
				t.Fatalf("got %s, %v", names(groups), err)
			}
			if err != nil && mustError(t, err).Status != c.status {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestResolveGroup(t *testing.T) {
	s := groupStand(t)
	c := s.client(t)
	for ref, id := range map[string]string{
		"Everyone": guidA, "  everyone ": guidA, strings.ToUpper(guidA): guidA,
		"DÉVELOPPEURS": guidB, "De\u0301veloppeurs": guidB, "ad testers": guidC,
	} {
		g, err := c.ResolveGroup(context.Background(), ref)
		if err != nil || g.ID != id || !g.Known || g.Name == "" {
			t.Errorf("%q: got %+v, %v", ref, g, err)
		}
	}
	other := "12345678-1234-1234-1234-123456789abc"
	if g, err := c.ResolveGroup(context.Background(), other); err != nil || g != (Group{ID: other}) {
		t.Errorf("a GUID in no list: got %+v, %v", g, err)
	}
	for ref, candidates := range map[string]string{
		"Every": "Everyone=ce=true", "Testers": "AD Testers=0c=true", "Everyome": "Everyone=ce=true",
		"Nothing like it": "", "R&D / Finance": "", "": "", "../x": "",
	} {
		_, err := c.ResolveGroup(context.Background(), ref)
		var e *GroupError
		if !errors.As(err, &e) || e.Reference != ref || names(e.Candidates) != candidates || e.Ambiguous {
			t.Errorf("%q: got %v", ref, err)
		}
	}
}

// A group may have another group's id for its name. That id always means the
// other group, even if no list has it.
func TestResolveNeverTakesANameForAnID(t *testing.T) {
	s := newStand(t)
	s.on("GET "+idRoute, says(200, `[{"id":"`+guidA+`","name":"`+guidB+`"},{"id":"`+strings.ToUpper(guidB)+`","name":"Robots"},{"id":"g-1","name":"`+guidC+`"}]`))
	s.on("GET "+listRoute, says(403, ``))
	for ref, want := range map[string]Group{
		guidB:                              {ID: guidB, Name: "Robots", Known: true},
		strings.ToUpper(guidB):             {ID: guidB, Name: "Robots", Known: true},
		"{" + strings.ToUpper(guidB) + "}": {ID: guidB, Name: "Robots", Known: true},
		guidD:                              {ID: guidD},
		guidA:                              {ID: guidA, Name: guidB, Known: true},
		"g-1":                              {ID: "g-1", Name: guidC, Known: true},
	} {
		if g, err := s.client(t).ResolveGroup(t.Context(), ref); err != nil || g != want {
			t.Errorf("%s: got %+v, %v", ref, g, err)
		}
	}
	for _, ref := range []string{guidC, strings.ToUpper(guidC), strings.ReplaceAll(guidC, "-", "‑"), "{" + guidC + "}"} {
		_, err := s.client(t).ResolveGroup(t.Context(), ref)
		var e *GroupError
		if !errors.As(err, &e) || !e.Ambiguous || len(e.Candidates) != 1 || e.Candidates[0].ID != "g-1" || !strings.Contains(err.Error(), "only a name") {
			t.Errorf("%s, which only a name has: %v", ref, err)
		}
	}
}

func TestResolveAmbiguous(t *testing.T) {
	s := newStand(t)
	var items []string
	for i := range 12 {
		items = append(items, fmt.Sprintf(`{"id":"id-%02d","name":"Twins"}`, i))
	}
	s.on("GET "+idRoute, says(200, "["+strings.Join(items, ",")+"]"))
	_, err := s.client(t).ResolveGroup(context.Background(), "twins")
	var e *GroupError
	if !errors.As(err, &e) || !e.Ambiguous || len(e.Candidates) != 10 || !strings.Contains(err.Error(), `several groups`) {
		t.Errorf("got %v", err)
	}
}

// A text without any letter to compare is no group's name, and it must not match
// an unknown name.
func TestResolveNoName(t *testing.T) {
	s := newStand(t)
	s.on("GET "+idRoute, says(200, `[{"id":"`+guidA+`"}]`))
	_, err := s.client(t).ResolveGroup(t.Context(), "«»")
	if e := (*GroupError)(nil); !errors.As(err, &e) || len(e.Candidates) != 0 {
		t.Errorf("got %v", err)
	}
}

// What is neither a GUID nor in a list is an id only where nothing speaks
// against it.
func TestResolveUnlisted(t *testing.T) {
	proof := says(200, `{"groupRule":{"groupId":"group-01","userBundleCodes":[]},"quotas":[]}`)
	both := func(status int) [2]http.HandlerFunc {
		return [2]http.HandlerFunc{says(status, ``), says(status, ``)}
	}
	for name, c := range map[string]struct {
		lists  [2]http.HandlerFunc
		proof  http.HandlerFunc
		want   string // id, group error, or a status
		asksID bool
	}{
		"both forbidden":              {both(403), nil, "id", false},
		"both not offered":            {[2]http.HandlerFunc{}, nil, "id", false},
		"both empty":                  {[2]http.HandlerFunc{says(200, `[]`), says(200, `{"results":[]}`)}, nil, "id", false},
		"one empty, one forbidden":    {[2]http.HandlerFunc{says(200, `[]`), says(403, ``)}, nil, "id", false},
		"both down":                   {both(500), proof, "500", false},
		"both unauthorized":           {both(401), proof, "401", false},
		"wrong account":               {both(400), proof, "400", false},
		"one down":                    {[2]http.HandlerFunc{says(200, identityAnswer), says(503, ``)}, proof, "503", false},
		"proven":                      {[2]http.HandlerFunc{says(200, identityAnswer), rulesAnswer}, proof, "id", true},
		"disproven":                   {[2]http.HandlerFunc{says(200, identityAnswer), rulesAnswer}, says(404, ``), "group error", true},
		"not proven by some answer":   {[2]http.HandlerFunc{says(200, identityAnswer), rulesAnswer}, says(200, `{"groupRule":null}`), "group error", true},
		"not proven by another group": {[2]http.HandlerFunc{says(200, identityAnswer), nil}, says(200, `{"groupRule":{"groupId":"x"}}`), "group error", true},
		"open":                        {[2]http.HandlerFunc{says(200, identityAnswer), rulesAnswer}, says(500, ``), "500", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.answers["GET "+idRoute], s.answers["GET "+listRoute] = c.lists[0], c.lists[1]
			s.answers["GET "+ruleRoute+"/with-quota"] = c.proof
			g, err := s.client(t).ResolveGroup(context.Background(), groupID)
			if got := outcome(g, err); got != c.want {
				t.Errorf("got %s (%+v, %v), want %s", got, g, err, c.want)
			}
			if asked := s.count("GET "+ruleRoute+"/with-quota") > 0; asked != c.asksID {
				t.Errorf("asked for the id: %v", asked)
			}
		})
	}
}

func outcome(g Group, err error) string {
	var group *GroupError
	var e *Error
	switch {
	case errors.As(err, &group):
		return "group error"
	case errors.As(err, &e):
		return strconv.Itoa(e.Status)
	case err == nil && g == Group{ID: groupID}:
		return "id"
	}
	return "?"
}

// A name that one list has is not settled while the other may have it too. An
// id is, as soon as a list tells its name.
func TestResolveWithOneListDown(t *testing.T) {
	const guidNameless = "0d000000-0000-0000-0000-00000000000d"
	s := newStand(t)
	s.on("GET "+idRoute, says(200, strings.Replace(identityAnswer, `[`, `[{"id":"`+guidNameless+`"},`, 1)))
	s.on("GET "+listRoute, says(503, ``))
	c := s.client(t)
	if _, err := c.ResolveGroup(context.Background(), "Everyone"); mustError(t, err).Status != 503 {
		t.Errorf("got %v", err)
	}
	if g, err := c.ResolveGroup(context.Background(), guidA); err != nil || g.Name != "Everyone" {
		t.Errorf("got %+v, %v", g, err)
	}
	for _, ref := range []string{guidC, guidNameless} {
		if g, err := c.ResolveGroup(context.Background(), ref); mustError(t, err).Status != 503 {
			t.Errorf("%s, whose name the other list may tell: got %+v, %v", ref, g, err)
		}
	}
	s.on("GET "+listRoute, says(403, ``))
	if g, err := c.ResolveGroup(context.Background(), guidC); err != nil || g != (Group{ID: guidC}) {
		t.Errorf("the other list is forbidden: got %+v, %v", g, err)
	}
	if g, err := c.ResolveGroup(context.Background(), "Everyone"); err != nil || g.ID != guidA {
		t.Errorf("the other list is forbidden: got %+v, %v", g, err)
	}
}

func TestGroupsAreKept(t *testing.T) {
	s, at := groupStand(t), newClock()
	c := s.client(t, func(c *Config) { c.Now, c.GroupsTTL = at.now, time.Minute })
	read := func(want int) {
		t.Helper()
		groups, err := c.ListGroups(context.Background())
		if err != nil || len(groups) != 3 || s.count("GET "+idRoute) != want {
			t.Errorf("got %s, %v after %d readings, want %d", names(groups), err, s.count("GET "+idRoute), want)
		}
		groups[0] = Group{} // must not be what the next caller gets
	}
	read(1)
	read(1)
	at.pass(59 * time.Second)
	read(1)
	at.pass(2 * time.Second)
	read(2)
	for range 3 { // a miss looks again, once in a while
		c.ResolveGroup(context.Background(), "No such group")
	}
	read(2)
	at.pass(31 * time.Second)
	for range 3 {
		c.ResolveGroup(context.Background(), "No such group")
	}
	read(3)
}

func TestGroupsAreNotKept(t *testing.T) {
	s := groupStand(t)
	c := s.client(t, func(c *Config) { c.GroupsTTL = -1 })
	c.ListGroups(context.Background())
	c.ListGroups(context.Background())
	if n := s.count("GET " + idRoute); n != 2 {
		t.Errorf("%d readings without keeping", n)
	}
	s.on("GET "+idRoute, says(500, ``))
	c = s.client(t)
	if _, err := c.ListGroups(context.Background()); err == nil {
		t.Error("no error")
	}
	s.on("GET "+idRoute, says(200, identityAnswer))
	if groups, err := c.ListGroups(context.Background()); err != nil || len(groups) != 3 {
		t.Errorf("a failure was kept: %s, %v", names(groups), err)
	}
}

// Many callers share one reading, and one that leaves does not end it.
func TestOneReadingForAll(t *testing.T) {
	s := groupStand(t)
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	s.on("GET "+idRoute, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		says(200, identityAnswer)(w, r)
	})
	c := s.client(t)
	ctx, leave := context.WithCancel(context.Background())
	left := make(chan error, 1)
	go func() {
		_, err := c.ListGroups(ctx)
		left <- err
	}()
	<-arrived
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if groups, err := c.ListGroups(context.Background()); err != nil || len(groups) != 3 {
				t.Errorf("got %s, %v", names(groups), err)
			}
		})
	}
	close(release)
	all.Wait()
	if n := s.count("GET " + idRoute); n != 1 {
		t.Errorf("%d readings", n)
	}
}

// A group has one id, however UiPath or a person spells it: lanes, confirmations and claims
// go by the id.
func TestOneSpellingOfAnID(t *testing.T) {
	const canonical = "ab1c2b3a-4455-6677-8899-aabbccddeeff"
	spellings := []string{canonical, strings.ToUpper(canonical), "{" + strings.ToUpper(canonical) + "}"}
	forbidden := says(http.StatusForbidden, `{"message":"no scope"}`)
	for _, spelling := range spellings {
		identity := says(200, `[{"id":"`+spelling+`","name":"Robots"}]`)
		rules := says(200, `{"results":[{"groupRule":{"id":"`+spelling+`","name":"Robots","userBundleCodes":[]}}]}`)
		for name, lists := range map[string][2]http.HandlerFunc{
			"identity": {identity, says(200, `{"results":[]}`)}, "allocations": {forbidden, rules},
			"no list": {forbidden, forbidden},
		} {
			for _, ref := range append(spellings, "Robots") {
				if name == "no list" && ref == "Robots" {
					continue
				}
				s := newStand(t)
				s.on("GET "+idRoute, lists[0])
				s.on("GET "+listRoute, lists[1])
				got, err := s.client(t).ResolveGroup(context.Background(), ref)
				if err != nil || got.ID != canonical {
					t.Errorf("%s from %s of %s: got %q, %v", ref, name, spelling, got.ID, err)
				}
			}
		}
		s := newStand(t)
		s.on("GET "+idRoute+"/"+spellings[1], says(200, `{"id":"`+spelling+`","name":"Robots"}`))
		if got, err := s.client(t).ReadGroup(context.Background(), spellings[1]); err != nil || got.ID != canonical {
			t.Errorf("reading %s: got %q, %v", spelling, got.ID, err)
		}
	}
}
