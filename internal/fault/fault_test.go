package fault_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"licensebot/internal/fault"
)

func ExampleFaults() {
	var faults fault.Faults
	answer := func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "hello") }
	refuse := func(w http.ResponseWriter, planned fault.Fault) { http.Error(w, planned.Error, planned.Status) }
	call := func() {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		if planned, found := faults.Take("greet"); found {
			planned.Serve(w, r, answer, refuse)
		} else {
			answer(w, r)
		}
		body, _ := io.ReadAll(w.Result().Body)
		fmt.Printf("%d %q\n", w.Code, body)
	}
	faults.Inject("greet", fault.Fault{Times: 1, Status: 503, Error: "busy"})
	call()
	call()
	fmt.Println("harmed:", faults.Injected())
	// Output:
	// 503 "busy\n"
	// 200 "hello"
	// harmed: 1
}
