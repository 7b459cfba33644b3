package policyfile

import (
	"reflect"
	"testing"

	"licensebot/approvals"
)

func TestPacks(t *testing.T) {
	const rules = "rules:\n  - {name: all, approvers: U0ANNA}\n"
	for text, want := range map[string][]approvals.Pack{
		"": nil,
		"packs:\n  tester-2: tstnu\n  developer: [RPADEVPRONU, IDU]\n": {
			{Name: "tester-2", Codes: []string{"TSTNU"}}, {Name: "developer", Codes: []string{"RPADEVPRONU", "IDU"}},
		},
	} {
		policy, err := Load("p.yaml", []byte("version: 1\n"+text+rules), nil)
		if err != nil || !reflect.DeepEqual(policy.Packs, want) {
			t.Errorf("%q has the packs %v, %v", text, policy.Packs, err)
		}
	}
}
