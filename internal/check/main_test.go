package main

import (
	"strings"
	"testing"
)

func TestReportTellsWhatWasSkipped(t *testing.T) {
	var out strings.Builder
	r := newReport(&out)
	err := r.read(strings.NewReader(`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: no PostgreSQL here\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:9: it is wrong\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"q","Elapsed":1.5}
`))
	if err != nil {
		t.Fatal(err)
	}
	r.printSkipped()
	for _, want := range []string{"b_test.go:9: it is wrong", "pass  q", "1 × no PostgreSQL here", "for example p TestA"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
}
