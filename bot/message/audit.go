package message

import (
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"licensebot/approvals"
)

// What stays the same in all messages about a request, and what besides stays in those of a kind.
var (
	lastingFields = []string{"request_id", "group_id", "codes", "action", "quotas", "reason", "rule", "for"}

	lastingOfKind = map[approvals.JobKind][]string{
		approvals.JobPostCard:       {"actor", "added", "removed"},
		approvals.JobPostOutcome:    {"actor", "added", "removed", "approvers", "allocation"},
		approvals.JobPostRevocation: {"actor", "added", "removed", "allocation"},
		approvals.JobPostEffect:     {"added", "removed"},
	}

	// drawnFields change on a card with each update of it.
	drawnFields = []string{"approvers", "until"}
)

// FindDifferences names the values in the metadata of a message that are not what a job would say
// about the request as it is now. It compares only values that do not change after the post. A
// value may be cut for its length.
func FindDifferences(m slack.SlackMetadata, r approvals.Request, job approvals.Job) []string {
	compared := slices.Concat(lastingFields, lastingOfKind[job.Kind])
	if isFromChannel(r) { // known as far as the channel told it
		compared = approvals.Without(compared, []string{"approvers", "allocation"})
	}
	if textOfPayload(m, "allocation") != "" {
		r.EffectFound = false // it was posted before the effect was found
	}
	return compareFields(compared, m, r, job)
}

// FindUndrawn names the values in the metadata of a card that an update would change.
func FindUndrawn(m slack.SlackMetadata, r approvals.Request) []string {
	if isFromChannel(r) {
		return nil
	}
	return compareFields(drawnFields, m, r, approvals.Job{Kind: approvals.JobPostCard})
}

func compareFields(compared []string, m slack.SlackMetadata, r approvals.Request, job approvals.Job) []string {
	expected := make(map[string]metadataField)
	for _, f := range metadataFields(r, job) {
		expected[f.name] = f
	}
	var different []string
	for _, name := range compared {
		if !expected[name].isSaidBy(textOfPayload(m, name)) {
			different = append(different, name)
		}
	}
	slices.Sort(different)
	return different
}

// isSaidBy reports whether a message has the value, maybe cut for its length. What was erased in the
// database may be anything in the message.
func (f metadataField) isSaidBy(said string) bool {
	if said == f.value || said != "" && said == f.short {
		return true
	}
	kept, words := strings.Fields(f.value), strings.Fields(said)
	isCut := strings.Contains(said, cutMark)
	switch {
	case !slices.Contains(kept, approvals.Erased):
		return false
	case len(kept) == 1 || isCut:
		return said != ""
	}
	return slices.EqualFunc(kept, words, func(k, w string) bool { return k == w || k == approvals.Erased })
}

// ShowsState reports whether the text of a card says of its request that it is closed in the state
// that it has, or that it is open.
func ShowsState(text string, r approvals.Request) bool {
	shown := approvals.State(strings.ToLower(boldOf(statusLine(text))))
	if isClosed := slices.Contains(approvals.States(), shown) && !shown.Open(); !isClosed {
		return r.State.Open()
	}
	return shown == r.State
}

// FindLacking lists what the text of a card has to name in each version and does not: the requester,
// and the codes that the change adds or limits. Codes that it removes may be cut for their number.
func FindLacking(text string, r approvals.Request) (lacking []string) {
	if r.Requester != approvals.Erased && !strings.Contains(text, mentionUser(r.Requester)) {
		lacking = append(lacking, "the requester")
	}
	change := r.Proposal.Change
	for _, code := range approvals.Union(change.GrantedCodes(), nil) {
		if !strings.Contains(text, code) {
			lacking = append(lacking, code)
		}
	}
	for _, quota := range change.Quotas {
		if !strings.Contains(text, quota.Code) {
			lacking = append(lacking, "the limit of "+quota.Code)
		}
	}
	return lacking
}

// statusLine is the line before the last one; see RenderCard.
func statusLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[max(0, len(lines)-2)]
}

// boldOf is the first bold text in a line.
func boldOf(line string) string {
	_, after, _ := strings.Cut(line, "*")
	bold, _, _ := strings.Cut(after, "*")
	return bold
}
