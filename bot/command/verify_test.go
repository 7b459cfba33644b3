package command_test

import (
	"errors"
	"strings"
	"testing"

	"licensebot/approvals"
	"licensebot/bot/command"
	"licensebot/internal/groupname"
)

// TestGroupsCalledLikeTheIDsOfOthers asks which group is meant, and ends: a command that is
// offered as an answer may be as ambiguous as the one that was typed.
func TestGroupsCalledLikeTheIDsOfOthers(t *testing.T) {
	for name, groups := range map[string][]approvals.Group{
		"one":       {groupname.Group("group-01", "Finance"), groupname.Group("g-2", "group-01")},
		"each":      {groupname.Group("group-01", "g-2"), groupname.Group("g-2", "group-01")},
		"in a ring": {groupname.Group("group-01", "g-2"), groupname.Group("g-2", "g-3"), groupname.Group("g-3", "group-01")},
		"several":   {groupname.Group("group-01", "Finance"), groupname.Group("g-2", "group-01"), groupname.Group("g-3", "group-01")},
	} {
		known := command.Known{Groups: groups, Licenses: []command.License{{Code: "IDU", Owned: true}}, Owned: true}
		for _, text := range []string{"group-01 IDU", "IDU for group-01", "remove group-01 IDU", "give group-01 IDU for 30d please"} {
			_, err := known.Parse("/allocate", text)
			if _, asks := errors.AsType[*command.Error](err); !asks {
				t.Errorf("%s: %q is read, or not asked about: %v", name, text, err)
			}
		}
	}
}

// TestAGUIDIsAnID reads a GUID as the id that it is, although other groups are called so.
func TestAGUIDIsAnID(t *testing.T) {
	const own, other = "ce684f6f-5af3-4e43-8516-1adad6e98fc9", "0b000000-0000-0000-0000-00000000000b"
	for name, groups := range map[string][]approvals.Group{
		"one":    {groupname.Group(own, "Finance"), groupname.Group(other, own)},
		"each":   {groupname.Group(own, other), groupname.Group(other, own)},
		"itself": {groupname.Group(own, own), groupname.Group(other, own)},
	} {
		known := command.Known{Groups: groups, Licenses: []command.License{{Code: "IDU", Owned: true}}, Owned: true}
		for _, text := range []string{own + " IDU", "IDU for " + own, strings.ToUpper(own) + " IDU"} {
			c, err := known.Parse("/allocate", text)
			if err != nil || !groupname.SameID(c.Ask.Group, own) {
				t.Errorf("%s: %q is for %q, %v", name, text, c.Ask.Group, err)
			}
		}
	}
}
