package fakeuipath

import (
	"reflect"
	"testing"
)

// The overviews are in order, and out of the reach of their readers.
func TestOverview(t *testing.T) {
	u, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	u.Own("IDU", 10, 3)
	u.Own("ATTUNU", 50, 12)
	if got, want := u.Owned(), []Seats{{"ATTUNU", 50, 12}, {"IDU", 10, 3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("the seats are %v", got)
	}
	u.AddGroup(Group{ID: "group-02", Name: "Audit"})
	u.AddGroup(Group{ID: "group-01", Name: "Finance", Codes: []string{"IDU"}, Quotas: map[string]int{"IDU": 2}})
	first := u.Groups()[0]
	first.Codes[0], first.Quotas["IDU"] = "changed", 99
	groups := u.Groups()
	if len(groups) != 2 || groups[0].ID != "group-01" || groups[0].Codes[0] != "IDU" || groups[0].Quotas["IDU"] != 2 {
		t.Errorf("the groups are %+v", groups)
	}
}
