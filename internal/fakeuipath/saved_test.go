package fakeuipath

import (
	"reflect"
	"testing"
)

// A Server that goes on with a saved one is the same organization at the same address.
func TestSavedOrganization(t *testing.T) {
	before, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	before.Own("IDU", 10, 3)
	before.AddGroup(Group{ID: "group-01", Name: "Finance Robots", Codes: []string{"IDU"}, Quotas: map[string]int{"IDU": 2}})
	before.SetAllocation("unlisted", "ATTUNU")
	before.SetAllocation("unlisted")
	text, err := before.Save()
	before.Close()
	if err != nil {
		t.Fatal(err)
	}
	after, err := New(Config{Saved: text})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(after.Close)
	for what, pair := range map[string][2]any{
		"URL":     {before.URL(), after.URL()},
		"account": {before.AccountID(), after.AccountID()},
		"secret":  {before.ClientID() + before.ClientSecret(), after.ClientID() + after.ClientSecret()},
		"groups":  {before.Groups(), after.Groups()},
		"seats":   {before.Owned(), after.Owned()},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %v became %v", what, pair[0], pair[1])
		}
	}
	again, err := after.Save()
	if err != nil || string(again) != string(text) {
		t.Errorf("what is saved again differs: %v\n%s\n%s", err, text, again)
	}
	for name, saved := range map[string]string{"torn": `{"Address":"127.0.`, "empty": `{}`} {
		if u, err := New(Config{Saved: []byte(saved)}); err == nil {
			u.Close()
			t.Errorf("%s: it was taken", name)
		}
	}
}
