package main

import (
	"fmt"
	"maps"
	"reflect"
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
	slices.Sort(names)
	return names
}

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
		if meant, found := nearestVariable(name, known); found {
			warnings[name] = fmt.Sprintf("%s is set, but licensebot does not read it: is %s meant?", name, meant)
		}
	}
	return slices.Sorted(maps.Values(warnings))
}

// nearestVariable finds the known variable that a name was probably meant to be.
// Other programs have variables, too, so it does not guess.
func nearestVariable(name string, known []string) (meant string, found bool) {
	upper := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	best := 0
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
		if !found || distance < best {
			meant, best, found = candidate, distance, true
		}
	}
	return meant, found
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
