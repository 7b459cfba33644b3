package fakeuipath

import (
	"fmt"
	"strings"
	"testing"
)

func TestGetGroup(t *testing.T) {
	c := startSeeded(t, Config{})
	want := `{"allocatedUserBundles":["RPADEVPRONU"],"availableUserBundles":[` +
		`{"code":"ATTUNU","allocated":0,"total":10},{"code":"IDU","allocated":5,"total":5},` +
		`{"code":"RPADEVPRONU","allocated":3,"total":40}],"useExternalLicense":false}`
	reply := c.get(c.licensePath("/group/g1"))
	reply.wantAnswer(t, 200, want)
	if kind := reply.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		t.Errorf("Content-Type is %q", kind)
	}
	c.get(c.licensePath("")).wantAnswer(t, 200, `{"code":"IDU","allocated":5,"total":5}`)
}

func TestGetGroupWithQuota(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.AddGroup(Group{ID: "g2", Codes: []string{"IDU"}, External: true, Quotas: map[string]int{"IDU": 4}, Usage: map[string]int{"IDU": 3}})
	c.get(c.licensePath("/group/g2/with-quota")).wantAnswer(t, 200,
		fmt.Sprintf(`{"groupRule":{"groupId":"g2","organizationId":%q,"userBundleCodes":["IDU"]},`, c.u.AccountID())+
			`"quotas":[{"userBundleCode":"IDU","limit":4,"currentUsage":3}]}`)
	c.get(c.licensePath("/group/g9/with-quota")).wantAnswer(t, 404, "Organization or group does not exist.")
}

func TestGroupIDIsDecoded(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.AddGroup(Group{ID: "a/b c", Codes: []string{"IDU"}})
	c.get(c.licensePath("/group/a%2Fb%20c")).wantAnswer(t, 200, `["IDU"]`)
	c.get(c.licensePath("/group/a/b%20c")).wantAnswer(t, 404, "")
}

func TestSetRuleBehindTheBack(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.AddGroup(Group{ID: "g1", Name: "Developers", Codes: []string{"IDU", "ATTUNU"}, Quotas: map[string]int{"IDU": 4, "ATTUNU": 1}})
	c.u.SetAllocation("g1", "RPADEVPRONU", "IDU")
	c.wantAllocation("g1", "IDU", "RPADEVPRONU")
	c.get(c.licensePath("/group/g1/with-quota")).wantAnswer(t, 200, `"quotas":[{"userBundleCode":"IDU","limit":4,"currentUsage":0}]`)
	if writes := c.u.Writes(); len(writes) != 0 {
		t.Errorf("the portal's change is in the journal: %+v", writes)
	}
	c.u.RemoveGroup("g1")
	c.get(c.licensePath("/group/g1")).wantAnswer(t, 404, "")
}

type groupsPage struct {
	Results []listedGroup
	Total   int `json:"totalCount"`
}

func TestGroupsWithQuota(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.AddGroup(Group{ID: "g2", Name: "No allocation", Directory: true})
	c.u.AddGroup(Group{ID: "g3", Name: "Directory", Directory: true, Codes: []string{"IDU", "GONE"}, Usage: map[string]int{"IDU": 2}})
	c.u.AddGroup(Group{ID: "g4", Name: "Deleted", Orphan: true, Codes: []string{"ATTUNU"}})
	var page groupsPage
	c.get(c.licensePath("/groups/with-quota?sortBy=Name&sortOrder=desc")).decodeJSON(t, &page)
	var names []string
	for _, result := range page.Results {
		names = append(names, result.Allocation.Name)
	}
	if got := strings.Join(names, ", "); got != "Directory, Developers, Deleted" || page.Total != 3 {
		t.Errorf("%d groups: %s", page.Total, got)
	}
	directory := fmt.Sprint(page.Results[0].Allocation)
	if want := "{g3 Directory [GONE IDU] map[IDU:2] false false [GONE IDU]}"; directory != want {
		t.Errorf("got %s, want %s", directory, want)
	}
	c.put(c.licensePath("/group/g2"), `{"userBundleCodes":["IDU"]}`).wantAnswer(t, 200, "")
	c.get(c.licensePath("/groups/with-quota")).wantAnswer(t, 200, `"totalCount":4`)
}

func TestPages(t *testing.T) {
	c := startSeeded(t, Config{})
	for n := range 119 {
		c.u.AddGroup(Group{Name: fmt.Sprintf("Group %d", n), Codes: []string{"IDU"}})
	}
	seen := make(map[string]bool)
	for skip := 0; ; skip += 50 {
		var page groupsPage
		c.get(c.licensePath(fmt.Sprintf("/groups/with-quota?skip=%d&top=50&sortBy=Name", skip))).decodeJSON(t, &page)
		if len(page.Results) == 0 {
			break
		}
		for _, result := range page.Results {
			seen[result.Allocation.ID] = true
		}
	}
	if len(seen) != 120 {
		t.Errorf("saw %d groups, want 120", len(seen))
	}
	for _, query := range []string{"top=51", "top=0", "top=x", "skip=-1", "sortBy=name", "sortOrder=up", "limit=10"} {
		c.get(c.licensePath("/groups/with-quota?"+query)).wantAnswer(t, 400, "")
	}
}

func TestBulkUsers(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.AddGroup(Group{ID: "g2", Codes: []string{"IDU"}, Usage: map[string]int{"IDU": 2, "ATTUNU": 1}})
	var page struct {
		Results []seatHolder
		Total   int `json:"totalCount"`
	}
	c.get(c.licensePath("/group/g2/bulk-users?top=50")).decodeJSON(t, &page)
	if page.Total != 2 || fmt.Sprint(page.Results[0].Codes, page.Results[1].Codes) != "[ATTUNU IDU] [IDU]" {
		t.Errorf("page is %+v", page)
	}
	c.get(c.licensePath("/group/g1/bulk-users")).wantAnswer(t, 200, `{"results":[],"totalCount":0}`)
}

func TestPostGroupsReads(t *testing.T) {
	c := startSeeded(t, Config{})
	post := func(body string) testReply {
		return c.sendRequest(c.newRequest("POST", c.licensePath("/group"), "application/json", body))
	}
	post(`{"groupIds":["g1","g9"]}`).wantAnswer(t, 200, `"id":"g1"`)
	post(`{"userBundleCodes":["IDU"]}`).wantAnswer(t, 400, "")
	post(`{}`).wantAnswer(t, 400, "")
	c.wantAllocation("g1", "RPADEVPRONU")
}

func TestIdentityGroups(t *testing.T) {
	c := startSeeded(t, Config{})
	c.u.AddGroup(Group{ID: "g2", Name: "Everyone"})
	c.u.AddGroup(Group{ID: "g3", Name: "Directory", Directory: true, Codes: []string{"IDU"}})
	c.u.AddGroup(Group{ID: "g4", Name: "Deleted", Orphan: true, Codes: []string{"IDU"}})
	var groups []identityGroup
	c.get(c.identityPath("")).decodeJSON(t, &groups)
	if len(groups) != 2 || groups[0].Name != "Developers" || groups[0].Type != 1 || groups[1].Name != "Everyone" || groups[1].Type != 0 {
		t.Errorf("groups are %+v", groups)
	}
	c.get(c.identityPath("/g2")).wantAnswer(t, 200, `"displayName":"Everyone"`)
	c.get(c.identityPath("/g3")).wantAnswer(t, 404, "")
	c.get("/acme/identity_/api/Group/Acme").wantAnswer(t, 400, `{"errors":{"partitionGlobalId":["The value 'Acme' is not valid."]}}`)
	c.get("/identity_/api/Group/"+c.u.AccountID()).wantAnswer(t, 400, "InvalidPartition")
	c.get("/acme/identity/api/Group/"+c.u.AccountID()).wantAnswer(t, 404, "")
}
