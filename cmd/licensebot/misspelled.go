package main

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// variableNames are the names that the bot reads, sorted.
func variableNames() []string {
	var names []string
	for field := range reflect.TypeFor[environment]().Fields() {
		names = append(names, field.Tag.Get("envconfig"))
	}
	for name := range new(environment).secretFields() {
		names = append(names, name+"_FILE")
	}
	names = append(names, signingKeyVariable) // of another command
	slices.Sort(names)
	return names
}

// otherNames are what UiPath's pages and other programs call some variables.
var otherNames = map[string]string{
	"UIPATH_APP_ID": "UIPATH_CLIENT_ID", "UIPATH_APPLICATION_ID": "UIPATH_CLIENT_ID",
	"UIPATH_APP_SECRET": "UIPATH_CLIENT_SECRET", "UIPATH_APPLICATION_SECRET": "UIPATH_CLIENT_SECRET",
	"UIPATH_ORG_ID": "UIPATH_ACCOUNT_ID", "UIPATH_ORGANIZATION_ID": "UIPATH_ACCOUNT_ID",
	"UIPATH_PARTITION_ID": "UIPATH_ACCOUNT_ID", "UIPATH_PARTITION_GLOBAL_ID": "UIPATH_ACCOUNT_ID",
	"UIPATH_TOKEN": "UIPATH_ACCESS_TOKEN", "UIPATH_PAT": "UIPATH_ACCESS_TOKEN",
	"UIPATH_ORGANIZATION_NAME": "UIPATH_ORGANIZATION", "UIPATH_IDENTITY_URL": "UIPATH_TOKEN_URL",
	"SLACK_CHANNEL": "LICENSEBOT_CHANNEL", "SLACK_CHANNEL_ID": "LICENSEBOT_CHANNEL",
	"LICENSEBOT_DB": "LICENSEBOT_DATABASE_URL", "LICENSEBOT_DB_URL": "LICENSEBOT_DATABASE_URL",
}

// ownPrefix begins the variables of this program alone. Kubernetes adds those of
// services whose name begins so.
const ownPrefix = "LICENSEBOT_"

var ofService = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_[A-Z]+)?)?)$`)

// findMisspelled returns a warning for each variable that the bot does not read and
// that looks like one that it reads. pairs are as in [os.Environ].
func findMisspelled(pairs []string) []string {
	known := variableNames()
	warnings := map[string]string{}
	for _, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(known, name) {
			continue
		}
		meant, found := nearestVariable(name, known)
		switch {
		case found:
			warnings[name] = fmt.Sprintf("%s is set, but licensebot does not read it: is %s meant?", name, meant)
		case strings.HasPrefix(name, ownPrefix) && !ofService.MatchString(name):
			warnings[name] = name + " is set, but licensebot has no such variable"
		}
	}
	return slices.Sorted(maps.Values(warnings))
}

// nearestVariable finds the known variable that a name was probably meant to be, or those
// that are equally near.
// Other programs have variables, too, so it does not guess.
func nearestVariable(name string, known []string) (meant string, found bool) {
	upper := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	if meant, found = otherNames[upper]; found {
		return meant, true
	}
	if rest, _ := strings.CutPrefix(upper, ownPrefix); slices.Contains(known, rest) {
		return rest, true
	}
	best := 0
	var nearest []string
	for _, candidate := range known {
		distance := levenshtein.ComputeDistance(upper, candidate)
		switch {
		case distance <= 1:
		case isShortFor(upper, candidate):
			distance += 100
		case isShortFor(candidate, upper): // with a word too many: LICENSEBOT_CHANNEL_ID
			distance += 200
		case distance == 2:
			distance += 300
		default:
			continue
		}
		switch {
		case len(nearest) == 0 || distance < best:
			nearest, best = []string{candidate}, distance
		case distance == best:
			nearest = append(nearest, candidate)
		}
	}
	return strings.Join(nearest, " or "), len(nearest) > 0
}

// isShortFor reports whether each word of a name begins a word of the other one, in
// order: SLACK_TOKEN, UIPATH_ORG, LICENSEBOT_EMOJI. The first word must be the same.
func isShortFor(name, candidate string) bool {
	words, rest := strings.Split(name, "_"), strings.Split(candidate, "_")
	if len(words) < 2 || words[0] != rest[0] {
		return false
	}
	rest = rest[1:]
	for _, word := range words[1:] {
		at := slices.IndexFunc(rest, func(other string) bool { return len(word) > 1 && strings.HasPrefix(other, word) })
		if at < 0 {
			return false
		}
		rest = rest[at+1:]
	}
	return true
}
