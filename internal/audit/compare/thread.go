package compare

import (
	"slices"
	"strconv"
	"strings"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/internal/store"
)

// A record is what the database has of one request.
type record struct {
	request approvals.Request
	jobs    []approvals.Job // that wait or run
	replies store.Replies   // that the journal tells of
	last    int64           // the id of its last journal row
}

// accountsFor reports whether the journal tells of as many replies as Slack counts below a card,
// and of the latest. A reply that was added or deleted since changes one of the two.
func (rec record) accountsFor(card slackapi.Said) bool {
	latest := ""
	for _, reply := range rec.replies.Told {
		if reply.TS == "" {
			return false
		}
		latest = max(latest, reply.TS)
	}
	isTold := func(job approvals.Job) bool {
		return slices.ContainsFunc(rec.replies.Told, func(reply approvals.Reply) bool {
			return reply.Job.Kind == job.Kind && reply.Job.Number == job.Number
		})
	}
	for _, job := range owedReplies(rec.request) {
		if !isTold(job) {
			return false
		}
	}
	return len(rec.replies.Told) == card.Replies && latest == card.LatestReply
}

// isPostedAnew reports whether a thread lacks the message that the bot posted and has another one
// with the same words.
func (rec record) isPostedAnew(said words, replies []slackapi.Said) bool {
	if rec.replies.Repeated || isFromChannel(rec.request) {
		return false
	}
	isGone := false
	for _, told := range rec.replies.Told {
		if told.TS == "" || wordsOfJob(rec.request, told.Job) != said {
			continue
		}
		if slices.ContainsFunc(replies, func(reply slackapi.Said) bool { return reply.TS == told.TS }) {
			return false
		}
		isGone = true
	}
	return isGone
}

// waits reports whether a job is still to post or to mend a message.
func (rec record) waits(kind approvals.JobKind, number int) bool {
	return slices.ContainsFunc(rec.jobs, func(j approvals.Job) bool { return j.Kind == kind && j.Number == number })
}

// A sight is what Slack shows of one request.
type sight struct {
	card    *slackapi.Said // nil: it is not shown
	replies []slackapi.Said
}

// newSight tells the card of a thread from its replies.
func newSight(ts string, thread []slackapi.Said) sight {
	s := sight{replies: thread}
	if len(thread) > 0 && thread[0].TS == ts {
		s.card, s.replies = &thread[0], thread[1:]
	}
	return s
}

// compareThread lists what differs between the database and Slack about one request that has a
// card.
func compareThread(rec record, s sight) []finding {
	found := compareCard(rec, s.card)
	if s.card == nil && len(s.replies) == 0 {
		return found // the thread went with the card
	}
	return slices.Concat(found, compareReplies(rec, s.replies), findMissing(rec, s.replies))
}

func compareCard(rec record, card *slackapi.Said) []finding {
	r := rec.request
	switch {
	case card == nil && isCardDeleted(r):
		return nil
	case card == nil:
		return []finding{newFinding(byDeletion, "request %s: its card %s is not in the channel %s",
			r.ID, r.CardTS, r.Channel)}
	case card.Metadata.EventType != approvals.CardEventType:
		return []finding{newFinding(byToken, "request %s: the message %s is no card any more", r.ID, r.CardTS)}
	}
	var found []finding
	isDrawn := !rec.waits(approvals.JobUpdateCard, 0) && !rec.waits(approvals.JobPostCard, 0)
	names := message.FindDifferences(card.Metadata, r, approvals.Job{Kind: approvals.JobPostCard})
	if isDrawn {
		names = append(names, message.FindUndrawn(card.Metadata, r)...)
	}
	if len(names) > 0 {
		found = append(found, newFinding(byToken, "request %s: its card says otherwise than the database in %s",
			r.ID, strings.Join(names, ", ")))
	}
	if lacking := message.FindLacking(card.Text, r); len(lacking) > 0 {
		found = append(found, newFinding(byToken, "request %s: the text of its card does not name %s",
			r.ID, strings.Join(lacking, ", ")))
	}
	if isDrawn && !message.ShowsState(card.Text, r) {
		found = append(found, newFinding(byToken, "request %s is %s, and its card does not show that", r.ID, r.State))
	}
	return found
}

// isCardDeleted reports whether the journal tells that the card is gone, or that a look did not
// show it.
func isCardDeleted(r approvals.Request) bool {
	return !r.CardMissingSince.IsZero() || r.Outcome != nil && r.Outcome.Reason == approvals.ReasonCardDeleted
}

// A words is what tells one reply of a thread from another.
type words struct{ event, number string }

// wordsOfJob is what tells the reply of a job from another one.
func wordsOfJob(r approvals.Request, job approvals.Job) words {
	w := words{event: job.MessageEventType(r)}
	if job.Number > 0 {
		w.number = strconv.Itoa(job.Number)
	}
	return w
}

func wordsOf(said slackapi.Said) words {
	return words{said.Metadata.EventType, message.NumberOf(said.Metadata)}
}

func (w words) String() string {
	if w.number == "" {
		return w.event
	}
	return w.event + " " + w.number
}

// compareReplies lists the replies that were edited, say otherwise, or should not be there.
func compareReplies(rec record, replies []slackapi.Said) []finding {
	var found []finding
	seen := make(map[words]bool)
	for _, reply := range replies {
		said := wordsOf(reply)
		if said.event == approvals.DoubleEventType {
			continue // marked by the bot, because Slack did not let it delete the message
		}
		found = append(found, compareReply(rec, said, reply, replies)...)
		if seen[said] && !isMending(rec) {
			found = append(found, newFinding(byToken, "request %s: its thread has the reply %s twice", rec.request.ID, said))
		}
		seen[said] = true
	}
	return found
}

// isMending reports whether doubles are still to be removed.
func isMending(rec record) bool {
	return slices.ContainsFunc(rec.jobs, func(j approvals.Job) bool { return j.Kind == approvals.JobRemoveDoubles })
}

func compareReply(rec record, said words, reply slackapi.Said, replies []slackapi.Said) []finding {
	r := rec.request
	job, isKnown := jobOf(r, said)
	if !isKnown {
		return []finding{newFinding(byToken, "request %s: its thread has the reply %s at %s, of which the database "+
			"does not know", r.ID, said, reply.TS)}
	}
	var found []finding
	if reply.Edited {
		found = append(found, newFinding(byToken, "request %s: the reply %s at %s was edited; the bot edits no reply",
			r.ID, said, reply.TS))
	}
	if rec.isPostedAnew(said, replies) {
		found = append(found, newFinding(byToken, "request %s: the reply %s at %s is not the one that the bot posted; "+
			"that one was deleted, and this one posted in its place", r.ID, said, reply.TS))
	}
	if job.Kind == approvals.JobPostRevocation && job.Number != lastAttempt(r) {
		job.Kind = approvals.JobPostRevocationDelay // the database does not have what an earlier attempt did
	}
	names := message.FindDifferences(reply.Metadata, r, job)
	if isOtherPress(r, reply) {
		names = append(names, "button")
	}
	if len(names) > 0 {
		found = append(found, newFinding(byToken, "request %s: the reply %s at %s says otherwise than the database in %s",
			r.ID, said, reply.TS, strings.Join(names, ", ")))
	}
	return found
}

// isOtherPress reports whether a reply tells a press that is not what the database has of it. The
// database has each person's last press.
func isOtherPress(r approvals.Request, reply slackapi.Said) bool {
	press := message.ReadMetadata(reply.TS, reply.Metadata).Press
	if press == nil || isFromChannel(r) {
		return false
	}
	isErased := func(p approvals.Press) bool { return p.User == approvals.Erased }
	if slices.ContainsFunc(r.Presses, isErased) {
		return false
	}
	at := slices.IndexFunc(r.Presses, func(p approvals.Press) bool { return p.User == press.User })
	return at < 0 || press.At > r.Presses[at].At || press.At == r.Presses[at].At && press.Button != r.Presses[at].Button
}

// jobOf is the job that posted a reply. It is not known if the request never had it.
func jobOf(r approvals.Request, said words) (job approvals.Job, known bool) {
	number, err := strconv.Atoi(said.number)
	if said.number != "" && err != nil {
		return job, false
	}
	for _, spec := range approvals.JobKinds() {
		job = approvals.Job{Kind: spec.Kind, Number: number}
		isPost := spec.Pace == approvals.PacePosts && spec.Kind != approvals.JobPostCard
		if isPost && job.MessageEventType(r) == said.event && mayHavePosted(r, job) {
			return job, true
		}
	}
	return job, false
}

// mayHavePosted reports whether a request came so far that a job posted about it.
func mayHavePosted(r approvals.Request, job approvals.Job) bool {
	isCounted := job.Kind == approvals.JobPostPress || job.Kind == approvals.JobPostConsentLost
	if isCounted && isFromChannel(r) {
		return true // the database did not count along
	}
	switch job.Kind {
	case approvals.JobPostOutcome:
		return !r.State.Open() && job.Number == 0
	case approvals.JobPostEffect:
		return r.EffectFound && job.Number == 0
	case approvals.JobPostPress:
		return job.Number <= r.PressCount
	case approvals.JobPostConsentLost:
		return job.Number <= r.ConsentLosses
	case approvals.JobPostRevocation:
		return r.Grant != nil && (job.Number <= r.Grant.Attempts || job.Number == lastAttempt(r))
	case approvals.JobPostRevocationDelay:
		return r.Grant != nil && job.Number <= r.Grant.Attempts+1
	}
	return true
}

// lastAttempt is the number of the attempt to end the grant whose result the database has; zero:
// there is none.
func lastAttempt(r approvals.Request) int {
	if r.Grant == nil || r.Grant.Revocation == nil {
		return 0
	}
	return r.Grant.Attempts + 1
}

// isFromChannel reports whether the database learned from the channel how a request ended.
func isFromChannel(r approvals.Request) bool {
	return r.Outcome != nil && r.Outcome.Reason == approvals.ReasonFromChannel
}

// findMissing lists the replies that a thread lacks.
func findMissing(rec record, replies []slackapi.Said) []finding {
	var found []finding
	for _, job := range owedReplies(rec.request) {
		said := wordsOfJob(rec.request, job)
		isShown := slices.ContainsFunc(replies, func(reply slackapi.Said) bool { return wordsOf(reply) == said })
		if !isShown && !rec.waits(job.Kind, job.Number) && !wasToldPrivately(rec.request, job) {
			found = append(found, newFinding(byDeletion, "request %s: its thread lacks the reply %s", rec.request.ID, said))
		}
	}
	return found
}

// owedReplies lists the posts that a thread has to have: of how the request ended, of what the end
// of its grant did, and of each press of a button.
func owedReplies(r approvals.Request) []approvals.Job {
	var owed []approvals.Job
	if !r.State.Open() && !isCardDeleted(r) {
		owed = append(owed, approvals.Job{Kind: approvals.JobPostOutcome})
	}
	if r.EffectFound {
		owed = append(owed, approvals.Job{Kind: approvals.JobPostEffect})
	}
	if n := lastAttempt(r); n > 0 {
		owed = append(owed, approvals.Job{Kind: approvals.JobPostRevocation, Number: n})
	}
	for n := range r.PressCount {
		owed = append(owed, approvals.Job{Kind: approvals.JobPostPress, Number: n + 1})
	}
	return owed
}

// wasToldPrivately reports whether the thread was closed to a post, so that it may lack it.
func wasToldPrivately(r approvals.Request, job approvals.Job) bool {
	return slices.Contains(r.ToldPrivately, string(job.Kind)+" "+job.Key())
}
