package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/licensing"
)

// knowing is a rig with a UiPath that has two groups.
func knowing(t *testing.T) (*rig, *fakeuipath.Server) {
	t.Helper()
	r := newRig(t, fakeslack.Config{})
	u, err := fakeuipath.New(fakeuipath.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	u.AddGroup(fakeuipath.Group{ID: "group-01", Name: "Finance Robots", Codes: []string{"IDU"}})
	u.AddGroup(fakeuipath.Group{ID: "group-06", Name: "Finance", Codes: []string{"IDU"}})
	u.Own("IDU", 10, 0)
	client, err := licensing.New(licensing.Config{
		URL: u.URL(), Organization: u.Organization(), AccountID: u.AccountID(),
		Tokens: licensing.StaticToken(u.PersonalAccessToken()),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.uipath = licensing.NewAllocations(client)
	r.slack.AddUser(fakeslack.User{ID: robin, Name: robin, TZ: "Pacific/Auckland", TZOffset: 13 * 3600})
	r.listen(r.store)
	return r, u
}

// TestOneIndexForManyCommands reads commands, and then a newer list: the groups are made ready
// once for each list.
func TestOneIndexForManyCommands(t *testing.T) {
	t.Parallel()
	r, _ := knowing(t)
	u := &understanding{uipath: r.uipath}
	first := u.indexOf(u.listGroups(r.ctx))
	if again := u.indexOf(u.listGroups(r.ctx)); again != first {
		t.Error("the same groups were made ready again for the next command")
	}
	if newer := u.indexOf(slices.Clone(u.listGroups(r.ctx))); newer == first {
		t.Error("a newer list is read with the index of the earlier one")
	}
}

// TestUnknownIsNoRequest types what UiPath does not have: no request is recorded, and
// what was understood stays. A group that was just made is found.
func TestUnknownIsNoRequest(t *testing.T) {
	t.Parallel()
	r, u := knowing(t)
	for text, want := range map[string]string{
		"Finance Robot IDU for 30d": "Try: `/allocate \"Finance Robots\" IDU for 30d`",
		"Controlling IDU":           "Fill in: `/allocate &lt;group&gt; IDU`",
		"<@U0KIM> IDU":              "Licenses go to groups",
	} {
		if said := r.typed(text).Response; !strings.Contains(said, want) || requestID.MatchString(said) {
			t.Errorf("%q: %s", text, said)
		}
	}
	if _, total, err := r.store.ListByRequester(r.ctx, robin, 1, 0); total != 0 || err != nil {
		t.Errorf("%d requests are recorded: %v", total, err)
	}
	u.AddGroup(fakeuipath.Group{ID: "group-09", Name: "Controlling", Codes: []string{"IDU"}})
	if said := r.typed("Controlling IDU").Response; !strings.Contains(said, "is recorded: add `IDU` to the group `Controlling`, for good") {
		t.Errorf("a new group is not found: %s", said)
	}
}

// TestDaysAreTheRequesters types a day, which ends where the requester lives.
func TestDaysAreTheRequesters(t *testing.T) {
	t.Parallel()
	r, _ := knowing(t)
	id := r.recorded("Finance Robots IDU until 2030-12-31")
	request, err := r.store.Request(r.ctx, id)
	want := time.Date(2030, 12, 31, 10, 59, 59, 0, time.UTC) // summer time in Auckland
	if err != nil || !request.Ask.Until.Equal(want) || request.Ask.Group != "Finance Robots" {
		t.Errorf("%+v, %v", request.Ask, err)
	}
	if said := r.typed("status " + id).Response; !strings.Contains(said, "until 2030-12-31") {
		t.Errorf("another day is shown: %s", said)
	}
}

// TestExtendNamesTheRequest types the id of a request where its group and codes would have to be looked up.
func TestExtendNamesTheRequest(t *testing.T) {
	t.Parallel()
	r, _ := knowing(t)
	id := r.recorded("Finance Robots IDU=4 until 2030-12-31")
	for text, want := range map[string]string{
		"extend " + id + " until 2031-01-31": "Try: `/allocate \"Finance Robots\" IDU=4 until 2031-01-31`",
		"extend " + id + " by a month":       "Fill in: `/allocate \"Finance Robots\" IDU=4 until &lt;day&gt;`", // it does not run yet
		"extend R-AAAAAAAA by a month":       "Fill in: `/allocate &lt;group&gt; &lt;code&gt; until &lt;day&gt;`",
	} {
		if said := r.typed(text).Response; !strings.Contains(said, want) {
			t.Errorf("%q: %s", text, said)
		}
	}
}

// TestAnUnreachableUiPathDelaysNoRequest records the words as they are if nothing is
// known of groups and licenses.
func TestAnUnreachableUiPathDelaysNoRequest(t *testing.T) {
	t.Parallel()
	r, u := knowing(t)
	u.Close()
	r.recorded("Controlling IDU")
	if said := r.typed("Finance Robots IDU").Response; strings.Contains(said, "is recorded") {
		t.Errorf("a word that is no code was recorded as one: %s", said)
	}
}
