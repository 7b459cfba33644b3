package licensing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// What is left out is left out wherever it stands, and nothing else is.
func TestKeyFilter(t *testing.T) {
	for text, want := range map[string]string{
		`[{"id":"a","members":[{"id":"x","members":[1,{}]},"]}"],"name":"A"},{"Members" : null , "id":"b"}]`: `[{"id":"a","members":null,"name":"A"},{"Members" :null, "id":"b"}]`,
		`{"results":[{"members":{"a":{"b":[]}}},{"members":"},\"{"}]}`:                                       `{"results":[{"members":null},{"members":null}]}`,
		`[{"name":"members"},"members",{"membersOf":[1],"member":[2],"x\"members":[3]}]`:                     `[{"name":"members"},"members",{"membersOf":[1],"member":[2],"x\"members":[3]}]`,
		`[{"id":"a","members":[{"id":"x`:                                                                     `[{"id":"a","members":null`,
		`<html>`:                                                                                             `<html>`,
		`"members":[1]`:                                                                                      `"members":[1]`,
		`]]}"members":[1]`:                                                                                   `]]}"members":[1]`,
		``:                                                                                                   ``,
	} {
		for how, from := range map[string]io.Reader{"whole": strings.NewReader(text), "bytewise": iotest.OneByteReader(strings.NewReader(text))} {
			s := keyFilter{key: "members", maxKept: 1000}
			if _, err := io.Copy(&s, from); err != nil || s.kept.String() != want {
				t.Errorf("%s, %s:\n     %s, %v\nwant %s", how, text, s.kept.String(), err, want)
			}
		}
	}
}

// Whatever JSON there is, what is kept reads as it would have without the key.
func FuzzKeyFilter(f *testing.F) {
	f.Add([]byte(identityAnswer))
	f.Add([]byte(`{"members":{"members":[]},"a":[{"members":"\\"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var whole, kept any
		if json.Unmarshal(text, &whole) != nil || strings.Contains(string(text), `\u`) {
			return // a key in another spelling stays, which does no harm
		}
		s := keyFilter{key: "members", maxKept: 1 << 20}
		if _, err := s.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(s.kept.Bytes(), &kept); err != nil || !reflect.DeepEqual(emptied(whole), kept) {
			t.Errorf("of %s is kept %s (%v)", text, s.kept.String(), err)
		}
	})
}

// emptied has null for every value of the key.
func emptied(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = emptied(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = emptied(v[key])
			if strings.EqualFold(key, "members") && len(key) == len("members") {
				v[key] = nil
			}
		}
	}
	return v
}

// crowd answers with a group of n thousand members, about 100 KB a thousand.
func crowd(n int) http.HandlerFunc {
	thousand := []byte(strings.Repeat(`{"id":"`+guidC+`","name":"somebody@example.com","type":"user","x":"`+strings.Repeat("y", 10)+`"},`, 1000))
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `[{"id":"%s","name":"Everyone","members":[`, guidA)
		for range n {
			w.Write(thousand)
		}
		fmt.Fprintf(w, `{}]},{"id":"%s","name":"Développeurs"}]`, guidB)
	}
}

// However many members its groups have, an organization's groups are found by
// name.
func TestGroupsWithManyMembers(t *testing.T) {
	s := groupStand(t)
	s.on("GET "+idRoute, crowd(200)) // 20 MB
	c := s.client(t)
	for range 2 { // the second time from memory
		if g, err := c.ResolveGroup(t.Context(), "développeurs"); err != nil || g.ID != guidB {
			t.Errorf("got %+v, %v", g, err)
		}
	}
	if n := s.count("GET " + idRoute); n != 1 {
		t.Errorf("the list was read %d times", n)
	}
}

// Both the names and the whole answer have a bound.
func TestListOfGroupsTooLarge(t *testing.T) {
	s := keyFilter{key: "members", maxKept: 100}
	if _, err := s.Write(bytes.Repeat([]byte("["), 101)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	endless := io.MultiReader(strings.NewReader(`[{"members":[`), io.LimitReader(zeros{}, maxList))
	if _, err := (request{skippedKey: "members"}).readBody(endless); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}
