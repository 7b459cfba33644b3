package licensing

import "testing"

func TestCatalog(t *testing.T) {
	for code, want := range map[string]string{
		"RPADEVPRONU": "Automation Developer – Named User",
		" idu ":       "Insights Designer Users",
		"AXPNU":       "Express Named User",
		"ctzdevcu":    "Citizen Developer – Multiuser",
	} {
		if got, ok := CodeName(code); !ok || got != want {
			t.Errorf("%q is %q", code, got)
		}
	}
	if _, ok := CodeName("NOPE"); ok {
		t.Error("NOPE has a name")
	}
	for _, code := range CatalogCodes() {
		if _, ok := CodeName(code); !ok || code != normalizeCode(code) {
			t.Errorf("%s is not found as it is spelled", code)
		}
	}
}

func TestNearest(t *testing.T) {
	owned := []string{"RPADEVPRONU", "idu", "ATTUNU", "TSTNU", "PMD", "CTZDEVNU"}
	for code, want := range map[string]string{
		"RPADEVPRO":          "RPADEVPRONU",
		"rpadevpronnu":       "RPADEVPRONU",
		"RPADEVPROCU":        "RPADEVPRONU",
		"IUD":                "IDU",
		"ID":                 "IDU",
		"insights":           "IDU",
		"ATT":                "ATTUNU",
		"attended":           "ATTUNU",
		"tester":             "TSTNU",
		"citizen developers": "",
		"citizen developer":  "CTZDEVNU",
		"CTZDEVCU":           "CTZDEVNU",
		"TSTDEVPRONU":        "",
		"USER":               "",
		"ROBOT":              "",
		"":                   "",
	} {
		got, ok := NearestCode(code, owned)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, want %q", code, got, want)
		}
	}
}
