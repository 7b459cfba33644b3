package judge

import (
	"slices"
	"strings"
	"time"
)

// A Config is how one replica is configured from some time on.
type Config struct {
	Replica string
	From    time.Time
	Named   []string // approvers, people and user groups
	Quorum  int
	Approve []string // emoji
}

// configsDuring are the configurations with which some replica may have worked.
func (h *History) configsDuring(from, to time.Time) []Config {
	var all []Config
	before := map[string]Config{}
	for _, c := range h.Configs {
		switch {
		case c.From.After(to):
		case c.From.After(from):
			all = append(all, c)
		default:
			before[c.Replica] = c
		}
	}
	for _, replica := range sortedKeys(before) {
		all = append(all, before[replica])
	}
	return all
}

// isNamedBy reports whether a list of approvers names a person, user groups resolved.
// A list that is not known names all of them.
func (s Setting) isNamedBy(approvers []string, user string) bool {
	switch {
	case len(approvers) == 0:
		return true
	case slices.Contains(s.Named, user):
		return slices.Contains(approvers, user)
	}
	return slices.ContainsFunc(approvers, func(id string) bool { return strings.HasPrefix(id, "S") })
}

// quorumOf is how many approvals a card asks for.
func (s Setting) quorumOf(c *Card) int {
	if c.Quorum > 0 {
		return c.Quorum
	}
	return s.Quorum
}

// approvingOn are the emoji that approve a card: it shows the first of them.
func (s Setting) approvingOn(c *Card) []string {
	for _, config := range s.Configs {
		if len(config.Approve) > 0 && config.Approve[0] == c.Emoji {
			return config.Approve
		}
	}
	return s.Approve
}

// mayEver reports whether a person whom the card names had the right to approve at
// any time from when the bot may last have asked until the write.
func (h *History) mayEver(c *Card, user string, looked, written time.Time) bool {
	return user != c.Requester && h.isNamedBy(c.Approvers, user) && h.mayEverApprove(user, looked, written)
}

// mayAlways reports whether a person whom the card and every configuration name had
// the right all that time.
func (h *History) mayAlways(c *Card, user string, looked, written time.Time) bool {
	unnamed := slices.ContainsFunc(h.configsDuring(looked, written), func(config Config) bool {
		return !h.isNamedBy(config.Named, user)
	})
	return user != c.Requester && !unnamed && h.isNamedBy(c.Approvers, user) &&
		h.mayAlwaysApprove(user, looked, written)
}

// enoughToday reports whether people are enough by a configuration with which the
// bot may have worked then, too.
func (h *History) enoughToday(users []string, looked, written time.Time) bool {
	configs := h.configsDuring(looked, written)
	return len(configs) == 0 || slices.ContainsFunc(configs, func(config Config) bool {
		named := slices.DeleteFunc(slices.Clone(users), func(user string) bool { return !h.isNamedBy(config.Named, user) })
		return len(named) >= config.Quorum
	})
}

// nameReadFor is since when the bot may have read the group's name for a write: it
// does so right before the last look at the card, and the answer may lag behind.
func (h *History) nameReadFor(c *Card, w *Write) time.Time {
	earliest := c.lookedBefore(w.Arrived).Add(-nameDelay)
	for _, read := range h.LateNames {
		if read.From.After(earliest) && read.From.Before(w.Arrived) {
			return earliest.Add(-MaxLag)
		}
	}
	return earliest
}

// nameDelay is how long before the last look the name is read.
const nameDelay = 3 * time.Second

// A Naming is a name that a group has from some time on.
type Naming struct {
	At   time.Time
	Name string
}

// wasNamed reports whether a group had a name at some time.
func (h *History) wasNamed(group, name string, from, to time.Time) bool {
	has := h.Groups[group] == name
	for _, n := range h.Renames[group] {
		switch {
		case n.At.After(to):
			return has
		case !n.At.After(from):
			has = n.Name == name
		default:
			has = has || n.Name == name
		}
	}
	return has
}
