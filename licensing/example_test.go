package licensing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"licensebot/licensing"
)

// uipath stands in for Automation Cloud: a group with one code, in an
// organization that does not know the code CTZDEVCU.
func uipath(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(r.URL.Path, "/identity_/connect/token"):
		io.WriteString(w, `{"access_token":"eyJ","expires_in":3600,"token_type":"Bearer"}`)
	case strings.HasSuffix(r.URL.Path, "/with-quota"):
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet:
		io.WriteString(w, `{"availableUserBundles":[{"code":"IDU","allocated":3,"total":5}],
			"allocatedUserBundles":["RPADEVPRONU"],"useExternalLicense":false}`)
	case r.Method == http.MethodPut:
		io.WriteString(w, `{"groupId":"group-01","useExternalLicense":false,"userBundleCodes":["IDU","RPADEVPRONU"]}`)
	}
}

// Add two codes to a group: read, unite, write, compare.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(uipath))
	defer server.Close()

	tokens, err := licensing.ClientCredentials(licensing.TokenConfig{
		URL: server.URL, Organization: "acme", ClientID: "app", ClientSecret: "secret",
		Scopes: []string{"PM.License.Read", "PM.License.Write"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := licensing.New(licensing.Config{
		URL: server.URL, Organization: "acme", AccountID: "8f3c5f1e-0d2b-4c1e-9a75-0c4d9d2f6b10", Tokens: tokens,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	allocation, err := client.ReadAllocation(ctx, "group-01")
	if err != nil {
		fmt.Println(err)
		return
	}
	allocation.Codes = licensing.UnionCodes(allocation.Codes, []string{"IDU", "CTZDEVCU"})
	answer, err := client.WriteAllocation(ctx, "group-01", allocation)
	var failed *licensing.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Answer, failed.Retryable(), failed.RetryAfter, failed.MayHaveTakenEffect())
		return
	}
	fmt.Println("set now:", answer.Codes)
	for _, code := range licensing.MissingCodes(allocation.Codes, answer.Codes) {
		name, _ := licensing.CodeName(code)
		fmt.Printf("not taken: %s (%s)\n", name, code)
	}
	// Output:
	// set now: [IDU RPADEVPRONU]
	// not taken: Citizen Developer – Multiuser (CTZDEVCU)
}
