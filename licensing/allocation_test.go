package licensing

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const plainAnswer = `{"availableUserBundles":[{"code":"RPADEVPRONU","allocated":42,"total":100},{"code":"IDU","allocated":9,"total":5.0,"inUse":1,"name":""}],
	"allocatedUserBundles":["RPADEVPRONU"],"useExternalLicense":true}`

func TestAllocationHasWhatEachEndpointTells(t *testing.T) {
	s := newStand(t)
	s.on("GET "+ruleRoute, says(200, strings.Replace(plainAnswer, `Bundles":["RPADEVPRONU"`, `Bundles":["RPADEVPRONU","ctzdevcu"`, 1)))
	s.on("GET "+ruleRoute+"/with-quota", says(200, `{"groupRule":{"groupId":"GROUP-01","organizationId":"1234",
		"userBundleCodes":["rpadevpronu","CTZDEVCU"]},"quotas":[{"userBundleCode":"CTZDEVCU","limit":10.0,"currentUsage":3},
		{"userBundleCode":"RPADEVPRONU","limit":0.0,"currentUsage":3},{"userBundleCode":"RPADEVPRONU","limit":null}]}`))
	got, err := s.client(t).ReadAllocation(context.Background(), groupID)
	if err != nil {
		t.Fatal(err)
	}
	want := Allocation{
		GroupID: groupID, Codes: []string{"CTZDEVCU", "RPADEVPRONU"}, UseExternalLicense: true,
		Quotas:    []Quota{{"CTZDEVCU", 10, 3}},
		Available: []Seats{{"IDU", 9, 5}, {"RPADEVPRONU", 42, 100}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	for _, r := range s.requests() {
		h := r.Header
		if h.Get("Authorization") != "Bearer "+secret || h.Get("Accept") != "application/json" ||
			h.Get("User-Agent") != "test/1" || h.Get("Content-Type") != "" || r.Body != "" || r.Query != "" {
			t.Errorf("request is %+v", r)
		}
	}
}

func TestAllocationWhereOneEndpointIsAbsent(t *testing.T) {
	quota := `{"groupRule":{"userBundleCodes":["IDU"]},"quotas":[]}`
	for name, c := range map[string]struct {
		plain, quota http.HandlerFunc
		codes        []string
		seats        int
		quotas       bool // were told, be there none
	}{
		"with-quota not offered":               {says(200, plainAnswer), nil, []string{"RPADEVPRONU"}, 2, false},
		"with-quota not allowed (405)":         {says(200, plainAnswer), says(405, `{}`), []string{"RPADEVPRONU"}, 2, false},
		"plain gone":                           {nil, says(200, quota), []string{"IDU"}, 0, true},
		"a group that never had an allocation": {says(200, `{"availableUserBundles":[],"allocatedUserBundles":[]}`), says(404, `{}`), []string{}, 0, false},
		"with-quota tells an absent rule":      {says(200, `{"allocatedUserBundles":[]}`), says(200, `{"groupRule":null,"quotas":null}`), []string{}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.answers["GET "+ruleRoute], s.answers["GET "+ruleRoute+"/with-quota"] = c.plain, c.quota
			allocation, err := s.client(t).ReadAllocation(context.Background(), groupID)
			if err != nil || !reflect.DeepEqual(allocation.Codes, c.codes) || len(allocation.Available) != c.seats || (allocation.Quotas != nil) != c.quotas {
				t.Errorf("got %+v, %v", allocation, err)
			}
		})
	}
}

// A write would reset useExternalLicense where the only endpoint that tells it
// beside the codes is away: the list of all rules tells it too.
func TestAllocationTellsExternalWithoutThePlainEndpoint(t *testing.T) {
	list := `{"results":[{"groupRule":{"id":"group-02","useExternalLicense":false}},{"groupRule":{"id":"GROUP-01","useExternalLicense":true}}],"totalCount":2}`
	for name, c := range map[string]struct {
		list     http.HandlerFunc
		external bool
		failed   bool
	}{
		"listed":               {says(200, list), true, false},
		"not listed":           {says(200, `{"results":[],"totalCount":0}`), false, false},
		"there is no list":     {nil, false, false},
		"the list is not told": {says(503, `{}`), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.on("GET "+ruleRoute, says(404, `{}`))
			s.on("GET "+ruleRoute+"/with-quota", says(200, `{"groupRule":{"userBundleCodes":["IDU"]},"quotas":[]}`))
			s.answers["GET "+strings.Replace(ruleRoute, "/group/"+groupID, "/groups/with-quota", 1)] = c.list
			allocation, err := s.client(t).ReadAllocation(context.Background(), groupID)
			if allocation.UseExternalLicense != c.external || (err != nil) != c.failed {
				t.Errorf("got %+v, %v", allocation, err)
			}
		})
	}
}

func TestAllocationOfNoGroup(t *testing.T) {
	s := newStand(t)
	s.on("GET "+ruleRoute, says(404, `"No account license is allocated."`))
	s.on("GET "+ruleRoute+"/with-quota", says(404, `{"message":"Organization or group does not exist."}`))
	_, err := s.client(t).ReadAllocation(context.Background(), groupID)
	e := mustError(t, err)
	if e.Kind != Refused || e.Status != 404 || e.Answer != "No account license is allocated. / Organization or group does not exist." {
		t.Errorf("got %#v", e)
	}
	s.on("GET "+ruleRoute+"/with-quota", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(404)
		w.Write([]byte("<html><title>Not found</title>"))
	})
	_, err = s.client(t).ReadAllocation(context.Background(), groupID)
	if e := mustError(t, err); e.Answer != "No account license is allocated." {
		t.Errorf("a page of a missing route is quoted: %q", e.Answer)
	}
}

// A quota that may not be read could be dropped by the next write.
func TestReadAllocationNeedsQuotas(t *testing.T) {
	for _, status := range []int{400, 401, 403, 429, 500} {
		s := newStand(t)
		s.on("GET "+ruleRoute, says(200, plainAnswer))
		s.on("GET "+ruleRoute+"/with-quota", says(status, `{}`))
		_, err := s.client(t).ReadAllocation(context.Background(), groupID)
		if e := mustError(t, err); e.Status != status || e.Op != "read allocation" {
			t.Errorf("%d: got %v", status, e)
		}
	}
}

func TestReadAllocationRefusesAnswersWithoutOne(t *testing.T) {
	for body, want := range map[string]error{
		`{}`:                                    ErrNoAllocation,
		`null`:                                  ErrNoAllocation,
		`[]`:                                    ErrNotJSON,
		`{"message":"hello"}`:                   ErrNoAllocation,
		`{"allocatedUserBundles":7}`:            ErrNotJSON,
		`{"allocatedUserBundles":["I`:           ErrTruncated,
		`{"allocatedUserBundles":["IDU",null]}`: ErrNotJSON,
		`{"allocatedUserBundles":[{"code":"IDU"},{}]}`:  ErrNotJSON,
		`{"groupRule":{"userBundleCodes":["IDU"," "]}}`: ErrNotJSON,
		``:      ErrTruncated,
		`hello`: ErrNotJSON,
		`{"groupId":"group-02","userBundleCodes":["IDU"]}`:          ErrOtherGroup,
		`{"userBundleCodes":["IDU"],"userBundleLicenses":["ACNU"]}`: ErrAnswersDiffer,
	} {
		s := newStand(t)
		s.on("GET "+ruleRoute, says(200, body))
		_, err := s.client(t).ReadAllocation(context.Background(), groupID)
		if e := mustError(t, err); !errors.Is(err, want) || e.Kind != Unknown || e.MayHaveTakenEffect() || !e.Retryable() {
			t.Errorf("%s: got %v, want %v", body, err, want)
		}
	}
}

func TestAllocationReadsDriftedFields(t *testing.T) {
	for _, body := range []string{
		`{"groupId":"group-01","userBundleCodes":["IDU","ACNU"]}`,
		`{"id":"whatever","userBundleLicenses":["IDU"," acnu "]}`,
		`{"allocatedUserBundles":[{"code":"IDU"},{"userBundleCode":"ACNU"}]}`,
		`[{"userBundleCodes":["IDU","ACNU"]}]`,
		`{"GroupRule":{"UserBundleLicenses":["IDU","ACNU","IDU"]}}`,
		"\uFEFF" + `{"userBundleCodes":["IDU","ACNU"],"userBundleLicenses":null,"allocatedUserBundles":["ACNU","IDU"]}`,
	} {
		s := newStand(t)
		s.on("GET "+ruleRoute, says(200, body))
		allocation, err := s.client(t).ReadAllocation(context.Background(), groupID)
		if err != nil || !reflect.DeepEqual(allocation.Codes, []string{"ACNU", "IDU"}) {
			t.Errorf("%s: got %+v, %v", body, allocation, err)
		}
	}
}

func TestWriteAllocation(t *testing.T) {
	quotas := []Quota{{"IDU", 10, 3}, {"ACNU", 5, 0}}
	for name, c := range map[string]struct {
		allocation   Allocation
		route, wants string
		answer       string
		got          Allocation
	}{
		"plain": {
			allocation: Allocation{Codes: []string{"idu", "RPADEVPRONU", "IDU"}, UseExternalLicense: true}, route: ruleRoute,
			wants:  `{"userBundleCodes":["IDU","RPADEVPRONU"],"useExternalLicense":true}`,
			answer: `{"groupId":"group-01","organizationId":"o","useExternalLicense":true,"userBundleCodes":["RPADEVPRONU","IDU"]}`,
			got:    Allocation{GroupID: groupID, Codes: []string{"IDU", "RPADEVPRONU"}, UseExternalLicense: true},
		},
		"none": {
			route:  ruleRoute,
			wants:  `{"userBundleCodes":[],"useExternalLicense":false}`,
			answer: `{"groupId":"group-01","userBundleCodes":[],"useExternalLicense":true}`,
			got:    Allocation{GroupID: groupID, Codes: []string{}, UseExternalLicense: true},
		},
		"an answer that lacks a code": {
			allocation: Allocation{Codes: []string{"IDU", "TYPO"}}, route: ruleRoute,
			wants:  `{"userBundleCodes":["IDU","TYPO"],"useExternalLicense":false}`,
			answer: `{"userBundleCodes":["IDU"]}`,
			got:    Allocation{GroupID: groupID, Codes: []string{"IDU"}},
		},
		"quotas": {
			allocation: Allocation{Codes: []string{"IDU"}, UseExternalLicense: true, Quotas: quotas}, route: ruleRoute + "/with-quota",
			wants:  `{"userBundleCodes":["IDU"],"useExternalLicense":true,"quotas":[{"userBundleCode":"IDU","limit":10}]}`,
			answer: `{"groupRule":{"groupId":"group-01","userBundleCodes":["IDU"]},"quotas":[{"userBundleCode":"IDU","limit":10,"currentUsage":3}]}`,
			got:    Allocation{GroupID: groupID, Codes: []string{"IDU"}, UseExternalLicense: true, Quotas: []Quota{{"IDU", 10, 3}}},
		},
		"the last quota goes": {
			allocation: Allocation{Codes: []string{"PMD"}, Quotas: quotas}, route: ruleRoute + "/with-quota",
			wants:  `{"userBundleCodes":["PMD"],"useExternalLicense":false,"quotas":[]}`,
			answer: `{"groupId":"group-01","userBundleCodes":["PMD"]}`,
			got:    Allocation{GroupID: groupID, Codes: []string{"PMD"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.on("PUT "+c.route, says(200, c.answer))
			got, err := s.client(t).WriteAllocation(context.Background(), groupID, c.allocation)
			if err != nil || !reflect.DeepEqual(got, c.got) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, c.got)
			}
			asked := s.requests()
			if len(asked) != 1 || asked[0].Query != "" {
				t.Fatalf("requests are %+v", asked)
			}
			for name, want := range map[string]string{
				"Content-Type": "application/json", "Accept": "application/json", "Authorization": "Bearer " + secret, "User-Agent": "test/1",
			} {
				if got := asked[0].Header.Get(name); got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
			sameJSON(t, asked[0].Body, c.wants)
		})
	}
}

func TestIDsStayOneSegment(t *testing.T) {
	s := newStand(t)
	c := s.client(t)
	for _, bad := range []string{"", ".", "..", "../x", "a/b", `a\b`, "x/with-quota", "a\x00b", "a\nb", string(make([]byte, 300))} {
		_, readErr := c.ReadAllocation(context.Background(), bad)
		_, writeErr := c.WriteAllocation(context.Background(), bad, Allocation{})
		for _, err := range []error{readErr, writeErr} {
			if e := mustError(t, err); !errors.Is(err, ErrBadID) || e.Kind != Refused || e.MayHaveTakenEffect() {
				t.Errorf("%q: got %v", bad, err)
			}
		}
	}
	if len(s.requests()) != 0 {
		t.Errorf("bad ids were sent: %+v", s.requests())
	}
	route := "PUT /base/acme/lease_/api/account/" + accountID + "/user-license/group/a%20b%3Fc%23d%25"
	s.on(route, says(200, `{"userBundleCodes":[]}`))
	if _, err := c.WriteAllocation(context.Background(), "a b?c#d%", Allocation{}); err != nil {
		t.Errorf("%v; asked %+v", err, s.requests())
	}
}

func TestOwned(t *testing.T) {
	s := newStand(t)
	route := "/base/acme/lease_/api/account/" + accountID + "/user-license"
	for _, body := range []string{
		`[{"code":"idu","allocated":1,"total":2},{"code":"ACNU","allocated":"3","total":4},{"code":""}]`,
		`{"results":[{"code":"ACNU","allocated":3,"total":4},{"code":"IDU","allocated":1,"total":2}]}`,
	} {
		s.on("GET "+route, says(200, body))
		got, err := s.client(t).ListSeats(context.Background())
		if err != nil || !reflect.DeepEqual(got, []Seats{{"ACNU", 3, 4}, {"IDU", 1, 2}}) {
			t.Errorf("%s: got %+v, %v", body, got, err)
		}
	}
}

func TestSets(t *testing.T) {
	if got := MissingCodes([]string{"idu", "ACNU", "X"}, []string{"IDU", "Y"}); !reflect.DeepEqual(got, []string{"ACNU", "X"}) {
		t.Errorf("missing is %v", got)
	}
	if !SameCodes([]string{"a", "B", "b"}, []string{"b", "A"}) || SameCodes([]string{"A"}, nil) {
		t.Error("Same is wrong")
	}
	if got := UnionCodes([]string{"b"}, nil, []string{" a", "B", ""}); !reflect.DeepEqual(got, []string{"A", "B"}) {
		t.Errorf("union is %v", got)
	}
}

// A client that was told no limits says that an answer leaves them out. Told that there were
// some, it believes the second such answer only.
func TestLimitsThatAnotherClientWasTold(t *testing.T) {
	s, at := newStand(t), newClock()
	c := s.client(t, func(c *Config) { c.Now = at.now })
	s.on("GET "+ruleRoute, says(200, `{"allocatedUserBundles":["IDU"],"useExternalLicense":false}`))
	answer := func(quotas string) {
		s.on("GET "+ruleRoute+"/with-quota", says(200, `{"groupRule":{"userBundleCodes":["IDU"]},"quotas":`+quotas+`}`))
	}
	read := func(after time.Duration, leftOut, unknown bool) {
		t.Helper()
		at.pass(after)
		got, err := c.ReadAllocation(context.Background(), groupID)
		if errors.Is(err, ErrQuotasUnknown) != unknown || (err == nil) == unknown || got.QuotasLeftOut != leftOut {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	answer("null")
	read(0, true, false)
	read(time.Hour, true, false) // it cannot know better
	c.ExpectQuotas(groupID, []string{"IDU"})
	read(0, false, true)
	read(secondLookAfter-time.Second, false, true)
	read(time.Second, false, false)
	c.ExpectQuotas(groupID, []string{"IDU"}) // two looks know better
	read(secondLookWithin, false, false)
	read(time.Hour, false, false) // nothing expects any now
	c.ExpectQuotas(groupID, []string{"IDU"})
	read(0, false, true) // the two looks were long ago
	read(secondLookAfter, false, false)
	answer("[]")
	read(0, false, false)
	answer("null")
	read(0, false, false) // that there are none was told
}

// Limits that with-quota told and then leaves out are unknown, and not none: the next write
// would lift them. A second look that agrees is believed.
func TestLimitsThatAreLeftOut(t *testing.T) {
	const rule = `{"groupRule":{"userBundleCodes":["IDU"],"useExternalLicense":false}`
	limited := rule + `,"quotas":[{"userBundleCode":"IDU","limit":2}]}`
	for name, body := range map[string]string{"left out": rule + `}`, "null": rule + `,"quotas":null}`} {
		t.Run(name, func(t *testing.T) {
			s, at := newStand(t), newClock()
			c := s.client(t, func(c *Config) { c.Now = at.now })
			s.on("GET "+ruleRoute, says(200, `{"allocatedUserBundles":["IDU"],"useExternalLicense":false}`))
			read := func(body string, after time.Duration, limits int, unknown bool) {
				t.Helper()
				at.pass(after)
				s.on("GET "+ruleRoute+"/with-quota", says(200, body))
				got, err := c.ReadAllocation(context.Background(), groupID)
				if errors.Is(err, ErrQuotasUnknown) != unknown || (err == nil) == unknown || len(got.Quotas) != limits {
					t.Errorf("got %+v, %v", got.Quotas, err)
				}
				if err == nil && got.Quotas == nil {
					t.Error("no limits are not told")
				}
			}
			read(body, 0, 0, false) // it never had any
			read(limited, 0, 1, false)
			read(body, 0, 0, true)
			read(body, secondLookAfter-time.Second, 0, true)
			read(limited, 0, 1, false) // it has them after all
			read(body, time.Hour, 0, true)
			read(body, secondLookAfter, 0, false)
			read(body, 0, 0, false)
			read(limited, 0, 1, false)
			read(rule+`,"quotas":[]}`, 0, 0, true)
			read(body, secondLookAfter, 0, false)
		})
	}
}

// One look that lacks a limit is not believed, whatever the form: a write would lift the limit.
// An admin who lifts it is believed at the second look. A code that left the group has none.
func TestALimitThatOneLookLacks(t *testing.T) {
	const idu = `{"userBundleCode":"IDU","limit":2}`
	for _, rest := range []string{
		`,{"userBundleCode":"ACNU","limit":null}`, `,{"userBundleCode":"ACNU","limit":0}`,
		`,{"userBundleCode":"ACNU"}`, `,{"userBundleCode":"PMD","limit":9}`, ``,
	} {
		s, at := newStand(t), newClock()
		c := s.client(t, func(c *Config) { c.Now = at.now })
		read := func(codes, quotas string, after time.Duration, want ...Quota) {
			t.Helper()
			at.pass(after)
			s.on("GET "+ruleRoute, says(200, `{"allocatedUserBundles":[`+codes+`],"useExternalLicense":false}`))
			s.on("GET "+ruleRoute+"/with-quota", says(200, `{"groupRule":{"userBundleCodes":[`+codes+`]},"quotas":[`+quotas+`]}`))
			got, err := c.ReadAllocation(context.Background(), groupID)
			if errors.Is(err, ErrQuotasUnknown) != (want == nil) || (err == nil) == (want == nil) {
				t.Errorf("%s: got %+v, %v", quotas, got.Quotas, err)
			}
			if at := slices.IndexFunc(got.Quotas, func(q Quota) bool { return q.Code == "PMD" }); at >= 0 {
				got.Quotas = slices.Delete(got.Quotas, at, at+1)
			}
			if err == nil && !slices.Equal(got.Quotas, want) {
				t.Errorf("%s: got %+v, want %+v", quotas, got.Quotas, want)
			}
		}
		both := []Quota{{Code: "ACNU", Limit: 5}, {Code: "IDU", Limit: 2}}
		full := idu + `,{"userBundleCode":"ACNU","limit":5}`
		read(`"ACNU","IDU"`, full, 0, both...)
		read(`"ACNU","IDU"`, idu+rest, time.Hour)
		read(`"ACNU","IDU"`, full, time.Second, both...)
		read(`"ACNU","IDU"`, idu+rest, time.Hour)
		read(`"ACNU","IDU"`, idu+rest, secondLookAfter-time.Second)
		read(`"ACNU","IDU"`, idu+rest, time.Second, both[1])
		read(`"ACNU","IDU"`, idu+rest, time.Hour, both[1])
		read(`"ACNU","IDU"`, full, 0, both...)
		read(`"IDU"`, idu, 0, both[1])
		read(`"ACNU","IDU"`, idu+rest, 0, both[1])
	}
}

// An answer that says null for the codes does not say that there are none: the next write would
// take them out. Where no answer tells them, a second look that agrees is believed, because a
// group that never had an allocation may look like that.
func TestCodesThatNoAnswerTells(t *testing.T) {
	plain := func(codes string) http.HandlerFunc {
		return says(200, `{"availableUserBundles":[],"allocatedUserBundles":`+codes+`,"useExternalLicense":false}`)
	}
	noRule, unlimited := says(200, `{"groupRule":null,"quotas":null}`), `"quotas":[]}`
	for name, c := range map[string]struct{ plain, quota http.HandlerFunc }{
		"both say null":              {plain("null"), noRule},
		"a rule without lists":       {plain("null"), says(200, `{"groupRule":{"groupId":"group-01"},`+unlimited)},
		"a rule with null lists":     {plain("null"), says(200, `{"groupRule":{"userBundleCodes":null,"userBundleLicenses":null},`+unlimited)},
		"null, and no other answer":  {plain("null"), nil},
		"no rule, and no other":      {nil, noRule},
		"null, and quotas are a 405": {plain("null"), says(405, `{}`)},
	} {
		t.Run(name, func(t *testing.T) {
			s, at := newStand(t), newClock()
			a := NewAllocations(s.client(t, func(c *Config) { c.Now = at.now }))
			read := func(plain, quota http.HandlerFunc, after time.Duration, want []string) {
				t.Helper()
				at.pass(after)
				s.on("GET "+ruleRoute, plain)
				s.on("GET "+ruleRoute+"/with-quota", quota)
				got, err := a.ReadAllocation(context.Background(), groupID)
				if want == nil && meaning(err) != "later after 10s: UiPath's answer does not show which licenses the group has" {
					t.Errorf("got %v, %s", got.Codes, meaning(err))
				}
				if want != nil && (err != nil || !slices.Equal(got.Codes, want) || got.Codes == nil) {
					t.Errorf("got %v, %v, want %v", got.Codes, err, want)
				}
			}
			idu := func() {
				t.Helper()
				if c.plain == nil {
					read(nil, says(200, `{"groupRule":{"userBundleCodes":["IDU"]},"quotas":[]}`), 0, []string{"IDU"})
					return
				}
				read(plain(`["IDU"]`), c.quota, 0, []string{"IDU"})
			}
			read(c.plain, c.quota, 0, nil)
			read(c.plain, c.quota, secondLookAfter, []string{})
			idu()
			read(c.plain, c.quota, time.Hour, nil)
			read(c.plain, c.quota, secondLookAfter-time.Second, nil)
			idu()
			read(c.plain, c.quota, 0, nil)
			read(c.plain, c.quota, secondLookWithin+time.Second, nil) // the first was long ago
			read(c.plain, c.quota, secondLookAfter, []string{})
		})
	}
	s := newStand(t)
	s.on("GET "+ruleRoute, plain("null"))
	s.on("GET "+ruleRoute+"/with-quota", says(200, `{"groupRule":{"userBundleCodes":["IDU"]},"quotas":[]}`))
	if got, err := s.client(t).ReadAllocation(context.Background(), groupID); err != nil || !slices.Equal(got.Codes, []string{"IDU"}) {
		t.Errorf("with-quota tells them: got %v, %v", got.Codes, err)
	}
}

// An answer to a write that does not tell the codes leaves open whether it took effect.
func TestAWriteWithoutCodesInItsAnswer(t *testing.T) {
	for _, body := range []string{`{"groupId":"group-01","userBundleCodes":null}`, `{"groupRule":null}`, `{"groupRule":{}}`, `{}`} {
		s := newStand(t)
		s.on("PUT "+ruleRoute, says(200, body))
		_, err := s.client(t).WriteAllocation(context.Background(), groupID, Allocation{})
		if e := mustError(t, err); !errors.Is(err, ErrNoAllocation) || !e.MayHaveTakenEffect() || e.Kind != Unknown {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// TestLimitsInAnyForm has each limit as services write it. What is no number leaves the
// answer unknown, because a write would lift the limit.
func TestLimitsInAnyForm(t *testing.T) {
	for _, c := range []struct {
		limits []string
		want   int
		failed bool
	}{
		{[]string{`0`, `0.0`, `-0.0`, `"0"`, `"0.0"`, `null`, `""`, `" "`, `-1`, `-1.0`, `"-1"`, `0.9`, `0e5`, `"null"`}, 0, false},
		{[]string{`10`, `10.0`, `1e1`, `"10"`, `"10.0"`, `" 10 "`, `"1e1"`}, 10, false},
		{[]string{`"ten"`, `"unlimited"`, `{}`, `[]`, `true`, `1e99`, `"NaN"`, `"Infinity"`, `{"limit":4}`}, 0, true},
	} {
		for _, limit := range c.limits {
			s := newStand(t)
			s.on("GET "+ruleRoute, says(200, `{"useExternalLicense":false,"allocatedUserBundles":["IDU"]}`))
			s.on("GET "+ruleRoute+"/with-quota", says(200,
				`{"groupRule":{"userBundleCodes":["IDU"]},"quotas":[{"userBundleCode":"IDU","limit":`+limit+`}]}`))
			allocation, err := s.client(t).ReadAllocation(t.Context(), groupID)
			got := 0
			for _, q := range allocation.Quotas {
				got = q.Limit
			}
			if got != c.want || (err != nil) != c.failed {
				t.Errorf("%s: got %d, %v, want %d", limit, got, err, c.want)
			}
		}
	}
}

// TestOtherTypesOfIdentity reads ids, names and switches of the types that makers give
// them.
func TestOtherTypesOfIdentity(t *testing.T) {
	for _, group := range []string{
		`{"id":"2512","name":"Robots","type":0}`, `{"id":2512,"name":"Robots","type":"custom"}`,
		`{"ID":2512,"NAME":" Robots ","type":null,"members":null}`, `{"id":"2512","displayName":"Robots","type":{"x":[1]}}`,
	} {
		for _, list := range []string{`[` + group + `]`, `{"results":[` + group + `]}`, `{"value":[` + group + `]}`} {
			s := newStand(t)
			s.on("GET "+idRoute, says(200, list))
			s.on("GET "+listRoute, says(404, `{}`))
			groups, err := s.client(t).ListGroups(t.Context())
			if err != nil || len(groups) != 1 || groups[0].ID != "2512" || groups[0].Name != "Robots" {
				t.Errorf("%s: got %+v, %v", list, groups, err)
			}
		}
	}
	for text, want := range map[string]bool{
		`true`: true, `"true"`: true, `"True"`: true, `1`: true, `"1"`: true, `false`: false, `"False"`: false, `0`: false, `null`: false,
	} {
		s := newStand(t)
		s.on("GET "+ruleRoute, says(200, `{"useExternalLicense":`+text+`,"allocatedUserBundles":["IDU"]}`))
		s.on("GET "+ruleRoute+"/with-quota", says(200, `{"groupRule":{"userBundleCodes":["IDU"]},"quotas":[]}`))
		s.on("GET "+listRoute, says(404, `{}`))
		if got, err := s.client(t).ReadAllocation(t.Context(), groupID); err != nil || got.UseExternalLicense != want {
			t.Errorf("useExternalLicense %s: got %v, %v", text, got.UseExternalLicense, err)
		}
	}
}
