package policyfile

import (
	"testing"

	"licensebot/internal/groupname"

	"licensebot/approvals"
)

func TestTheWatchIsReadAsItStands(t *testing.T) {
	const rules = "\nrules:\n  - name: all\n    approvers: S0COE\n"
	for text, want := range map[string]approvals.WatchPolicy{
		"version: 1":             {},
		"version: 1\nwatch: on":  {},
		"version: 1\nwatch: off": {Off: true},
		"version: 1\nwatch_except: [Finance-*, group-01]": {
			Except: []approvals.GroupPattern{groupname.Pattern("finance-*"), groupname.Pattern("group-01")},
		},
	} {
		policy, err := Load("p.yaml", []byte(text+rules), nil)
		isSame := policy.Watch.Off == want.Off && len(policy.Watch.Except) == len(want.Except)
		for i := range want.Except {
			isSame = isSame && policy.Watch.Except[i] == want.Except[i]
		}
		if err != nil || !isSame {
			t.Errorf("%q: %+v, %v; want %+v", text, policy.Watch, err, want)
		}
	}
}
