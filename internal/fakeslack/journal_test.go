package fakeslack

import "testing"

func TestMarkStandsInTheJournal(t *testing.T) {
	rig := newTestRig(t, Config{})
	before := rig.Length()
	rig.UpdateUser(annaID, func(u *User) { u.Deleted = true })
	rig.Mark("suite", "killed")
	journal := rig.Journal()
	if len(journal) != before+2 || rig.Length() != len(journal) {
		t.Fatalf("%d entries, Length %d, before %d", len(journal), rig.Length(), before)
	}
	if e := journal[before]; e.User != annaID || e.Detail != "deactivated" {
		t.Errorf("the change of a person is %+v", e)
	}
	if e := journal[before+1]; e.Kind != EntryMark || e.Type != "suite" || e.Detail != "killed" || e.Seq != len(journal) {
		t.Errorf("the mark is %+v", e)
	}
}
