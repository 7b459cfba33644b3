package approvals

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// facts are the names of fields with texts that are not words: no person wrote them or is
// named by them.
var facts = []string{
	"Action", "Allocation", "Foreign", "Answer", "Answered", "Shown", "Taken", "Approve", "At", "Button", "CardTS", "Channel", "Code", "Codes",
	"Command", "Deny", "Eligibility", "EventTS", "AfterTS", "LookedTS", "Extend", "Add", "Remove", "Keep", "Found", "Group", "Hint", "ID", "Kind",
	"Message", "Name", "NewID", "Pattern", "Post", "Reason", "Removed", "Absent", "Remaining", "Request", "Rule", "State",
	"SHA256", "From", "Head", "Lost", "Suggestions", "ConcernedCodes", "TS", "Actions", "Canonical",
	"Packs", "JournalHead", "GroupID", "Violation", "PolicySHA256", "Gained", "Lost", "Items",
}

// TestEachTextInTheJournalIsAWordOrAFact walks the types of all that the journal keeps: a new
// field has to be called one of the two.
func TestEachTextInTheJournalIsAWordOrAFact(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	for _, kept := range []any{
		Ask{}, Prepared{}, Rejected{}, CardPosted{}, Reminded{}, Cancel{}, CardDeleted{}, Delayed{}, Mismatch{}, WriteAnswered{},
		WriteFinished{}, EffectFound{}, RemainingGone{}, RevokeEarly{}, Revoked{}, PostMissing{}, DoubleSeen{},
		DeniedOnDouble{}, DeniedOnReply{}, Pressed{}, Adopted{}, ShutOut{}, CardRedirected{}, ChannelReplaced{},
		ballotsEntry{}, ReactedEntry{}, WriteEntry{}, ToldEntry{}, PolicyEntry{}, RestoredEntry{}, RefusalEntry{}, OutsideChange{},
		preparedEntry{}, rejectedEntry{},
	} {
		checkTexts(t, reflect.TypeOf(kept), "", seen)
	}
}

func checkTexts(t *testing.T, kept reflect.Type, field string, seen map[reflect.Type]bool) {
	t.Helper()
	switch kept.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		checkTexts(t, kept.Elem(), field, seen)
	case reflect.String:
		if !slices.Contains(facts, field[strings.LastIndex(field, ".")+1:]) {
			t.Errorf("%s is a text: is it a word of a person, or a fact?", field)
		}
	case reflect.Struct:
		if seen[kept] || kept == reflect.TypeFor[time.Time]() {
			return
		}
		seen[kept] = true
		for i := range kept.NumField() {
			f := kept.Field(i)
			if tag := f.Tag.Get("words"); tag == "" && f.IsExported() {
				checkTexts(t, f.Type, kept.Name()+"."+f.Name, seen)
			} else if tag != "" && tag != "person" && tag != "text" {
				t.Errorf("%s.%s has the tag %q", kept.Name(), f.Name, tag)
			}
		}
	}
}

// TestMapWordsFindsOwnersOfTexts has a text beside a person, and one beside nobody.
func TestMapWordsFindsOwnersOfTexts(t *testing.T) {
	t.Parallel()
	var got []Word
	replace := func(w Word) any {
		got = append(got, w)
		return len(got)
	}
	text, err := MapWords(struct {
		Ask     Ask
		Outcome *Outcome
		Votes   []Vote
	}{
		Ask{Group: "g", Reason: "why"}, &Outcome{Reason: ReasonWithdrawn, By: "U2", Comment: "no"},
		[]Vote{{User: "U3", At: time.Unix(0, 0).UTC()}},
	}, "U1", replace)
	want := []Word{{"why", true, "U1"}, {"U2", false, "U2"}, {"no", true, "U2"}, {"U3", false, "U3"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if s := string(text); !strings.Contains(s, `"by":2`) || !strings.Contains(s, `"reason":"withdrawn"`) || strings.Contains(s, "why\":\"") {
		t.Errorf("the JSON is %s", s)
	}
}
