package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"licensebot/deploy"
	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
	"licensebot/internal/fault"
	"licensebot/internal/sweep"
)

// The channels that approvers move to.
const (
	otherChannel = "C0OTHER"
	movedChannel = "C0MOVED"
)

// addChannel adds a channel with the bot and the people of the world.
func (w *world) addChannel(id string) {
	w.slack.AddChannel(fakeslack.Channel{
		ID: id, Name: strings.ToLower(id), Members: []string{requester, approver, second, w.slack.BotUserID()},
	})
}

// awaitCardIn waits for the n-th card in a channel.
func (w *world) awaitCardIn(channel string, n int) fakeslack.Message {
	w.t.Helper()
	w.awaitCondition("a card in "+channel, func() bool { return len(w.slack.Messages(channel)) >= n })
	return w.slack.Messages(channel)[n-1]
}

func (w *world) react(channel, ts, user, emoji string) {
	w.t.Helper()
	if err := w.slack.React(user, channel, ts, emoji); err != nil {
		w.t.Fatal(err)
	}
}

// awaitThreadIn waits until the last reply to a message tells an end.
func (w *world) awaitThreadIn(channel, ts, event string) fakeslack.Message {
	w.t.Helper()
	var last fakeslack.Message
	w.awaitCondition(event+" in "+channel, func() bool {
		replies := w.slack.Thread(channel, ts)
		if len(replies) == 0 {
			return false
		}
		last = replies[len(replies)-1]
		return last.Metadata.EventType == event
	})
	return last
}

// TestChannelGetsAnotherID gives the approvals channel another id while a card waits
// with one of two approvals. The other one comes under the new id.
func TestChannelGetsAnotherID(t *testing.T) {
	t.Parallel()
	for name, whileDown := range map[string]bool{"told by Slack's event": false, "while the bot is down": true} {
		t.Run(name, func(t *testing.T) {
			sweep.InSample(t, !whileDown)
			t.Parallel()
			w := newWorld(t)
			w.env["LICENSEBOT_QUORUM"] = "2"
			w.startReplica()
			w.typeRequest("group-01 IDU")
			card := w.awaitCard()
			w.reactToCard(approver, "white_check_mark")
			w.awaitCondition("one approval", func() bool { return strings.Contains(w.listCards()[0].Text, "1 of 2") })
			move := func() { w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.ID = movedChannel }) }
			if whileDown {
				w.killReplicas()
				w.slack.Inject("channel_id_changed", fault.Fault{Times: 1})
				move()
				w.env["LICENSEBOT_CHANNEL"] = movedChannel // as the operator finds out
				w.startReplica()
			} else {
				move()
			}
			w.react(movedChannel, card.TS, second, "white_check_mark")
			w.awaitThreadIn(movedChannel, card.TS, "allocation_done")
			w.wantAllocation(1, "ATTUNU", "IDU")
			if n := len(w.slack.Messages(movedChannel)); n != 1 {
				t.Errorf("%d cards are in the channel", n)
			}
			if whileDown {
				return
			}
			w.killReplicas()
			w.startReplica() // with the old id as its setting
			w.typeRequest("group-01 RPADEVPRONU")
			w.awaitCardIn(movedChannel, 2)
			w.awaitLog("Slack gave the channel of LICENSEBOT_CHANNEL another id; set the variable to it")
		})
	}
}

// awaitLog waits until the newest replica's log has words.
func (w *world) awaitLog(words string) {
	w.t.Helper()
	newest := w.replicas[len(w.replicas)-1]
	w.pollUntil("the log to say "+words, func() bool { return strings.Contains(fmt.Sprint(newest.Stderr), words) })
}

// TestAnotherChannelIsSet sets another channel while a card waits in the old one, which
// may be gone for the bot.
func TestAnotherChannelIsSet(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w *world){
		"the old one goes on": func(*world) {},
		"the old one is archived": func(w *world) {
			w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Archived = true })
		},
		"the bot left the old one": func(w *world) { w.slack.Leave(approvalsChannel, w.slack.BotUserID()) },
		"the old one is not seen again": func(w *world) {
			w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Private, c.Members = true, nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			sweep.InSample(t, name == "the old one goes on")
			t.Parallel()
			w := newWorld(t)
			w.env["LICENSEBOT_QUORUM"] = "2"
			w.startReplica()
			w.typeRequest("group-01 IDU")
			old := w.awaitCard()
			w.reactToCard(approver, "white_check_mark")
			w.awaitCondition("one approval", func() bool { return strings.Contains(w.listCards()[0].Text, "1 of 2") })
			w.killReplicas()
			w.addChannel(otherChannel)
			lose(w)
			w.env["LICENSEBOT_CHANNEL"] = otherChannel
			w.startReplica()

			w.awaitTold(requester, "approvers decide in <#C0OTHER> now")
			card := w.awaitCardIn(otherChannel, 1)
			if !strings.Contains(card.Text, "0 of 2") {
				t.Errorf("approvals were carried over: %s", card.Text)
			}
			w.react(otherChannel, card.TS, second, "white_check_mark")
			w.awaitCondition("one approval there", func() bool { return strings.Contains(w.slack.Messages(otherChannel)[0].Text, "1 of 2") })
			w.react(otherChannel, card.TS, approver, "white_check_mark")
			w.awaitThreadIn(otherChannel, card.TS, "allocation_done")
			w.wantAllocation(1, "ATTUNU", "IDU")
			if n := len(w.slack.Messages(otherChannel)); n != 1 {
				t.Errorf("%d cards are in the new channel", n)
			}
			if n := len(w.listCards()); n != 1 {
				t.Errorf("%d cards are in the old channel", n)
			}
			if name == "the old one goes on" {
				w.awaitThreadIn(approvalsChannel, old.TS, "allocation_superseded")
			}
		})
	}
}

// TestCardOfAnArchivedChannel files a request while the channel is archived. Its only
// card comes in the channel that is set then.
func TestCardOfAnArchivedChannel(t *testing.T) {
	t.Parallel()
	sweep.InSample(t, false)
	w := newWorld(t)
	w.startReplica()
	w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Archived = true })
	w.awaitLog("the approvals channel was archived")
	w.typeRequest("group-01 IDU")
	w.awaitTold(requester, "its card could not be posted in <#"+approvalsChannel+"> yet")
	w.killReplicas()
	w.addChannel(otherChannel)
	w.env["LICENSEBOT_CHANNEL"] = otherChannel
	w.startReplica()
	card := w.awaitCardIn(otherChannel, 1)
	w.react(otherChannel, card.TS, approver, "white_check_mark")
	w.awaitThreadIn(otherChannel, card.TS, "allocation_done")
	w.wantAllocation(1, "ATTUNU", "IDU")
	if n := len(w.slack.Messages(otherChannel)) + len(w.listCards()); n != 1 {
		t.Errorf("%d cards were posted", n)
	}
}

// TestChannelSetByMistake sets a channel that the bot cannot use, or can only read. The
// cards stay where they are, and count when the setting is right again.
func TestChannelSetByMistake(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	for name, archived := range map[string]bool{"it is not there": false, "it is archived": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.startReplica()
			w.typeRequest("group-01 IDU")
			w.awaitCard()
			w.killReplicas()
			if archived {
				w.addChannel("C0MISTAKE")
				w.slack.UpdateChannel("C0MISTAKE", func(c *fakeslack.Channel) { c.Archived = true })
			}
			w.env["LICENSEBOT_CHANNEL"] = "C0MISTAKE"
			w.startReplica()
			w.awaitLog("could not take the requests with a card in another channel")
			w.killReplicas()
			w.env["LICENSEBOT_CHANNEL"] = approvalsChannel
			w.startReplica()
			w.reactToCard(approver, "white_check_mark")
			w.awaitOutcome("allocation_done", "*Done*")
			w.wantAllocation(1, "ATTUNU", "IDU")
		})
	}
}

// TestApprovedWhereItIs sets another channel while an approved request waits for UiPath.
// It is carried out on the consent that its card shows.
func TestApprovedWhereItIs(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w *world){
		"the old one goes on": func(*world) {},
		"the old one is archived": func(w *world) {
			w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Archived = true })
		},
	} {
		t.Run(name, func(t *testing.T) {
			sweep.InSample(t, name == "the old one goes on")
			t.Parallel()
			w := newWorld(t)
			w.startReplica()
			w.typeRequest("group-01 IDU")
			card := w.awaitCard()
			w.uipath.Inject("PUT group", fault.Fault{Status: 503, Times: 1})
			w.reactToCard(approver, "white_check_mark")
			w.awaitCondition("a write that failed", func() bool { return len(w.uipath.Calls("PUT group")) > 0 })
			w.killReplicas()
			w.addChannel(otherChannel)
			lose(w)
			w.env["LICENSEBOT_CHANNEL"] = otherChannel
			w.startReplica()
			if name == "the old one goes on" {
				w.awaitThreadIn(approvalsChannel, card.TS, "allocation_done")
			} else {
				w.awaitTold(requester, "is done")
			}
			w.wantAllocation(1, "ATTUNU", "IDU")
			if n := len(w.slack.Messages(otherChannel)); n != 0 {
				t.Errorf("%d cards are in the new channel", n)
			}
		})
	}
}

// TestReplicasWithTwoSettings gives the replicas another channel one by one. A request
// gets one card in either channel at most, and the newer setting holds.
func TestReplicasWithTwoSettings(t *testing.T) {
	t.Parallel()
	w := startFleet(t, 2)
	w.addChannel(otherChannel)
	w.typeRequest("group-01 IDU")
	w.awaitCondition("the whole card", w.hasCompleteCard) // or its lease would have to end
	w.killOldest()
	w.awaitCondition("its sockets to close", func() bool { return w.slack.Connections() == 2 })
	w.env["LICENSEBOT_CHANNEL"] = otherChannel
	w.startReplica()
	w.awaitCardIn(otherChannel, 1)
	w.env["LICENSEBOT_CHANNEL"] = approvalsChannel
	w.startReplica() // one with the old setting comes up once more
	w.awaitLog("another replica has a newer LICENSEBOT_CHANNEL")
	w.typeRequest("group-01 RPADEVPRONU")
	card := w.awaitCardIn(otherChannel, 2)
	w.react(otherChannel, card.TS, approver, "white_check_mark")
	w.awaitThreadIn(otherChannel, card.TS, "allocation_done")
	if n := len(w.listCards()); n != 1 {
		t.Errorf("%d cards are in the old channel", n)
	}
	if n := len(w.slack.Messages(otherChannel)); n != 2 {
		t.Errorf("%d cards are in the new channel", n)
	}
}

// TestEveryEventMeansSomething sends each event that the Slack app subscribes to: the bot
// understands it. Slack sends no others.
func TestEveryEventMeansSomething(t *testing.T) {
	t.Parallel()
	list, _, _ := strings.Cut(string(deploy.SlackManifest), "interactivity:")
	_, list, _ = strings.Cut(list, "bot_events:")
	subscribed := regexp.MustCompile(`(?m)^ +- (\w+)`).FindAllStringSubmatch(list, -1)
	w := newWorld(t)
	w.startReplica()
	for _, event := range subscribed {
		w.slack.SendEvent(map[string]any{"type": event[1], "user": bystander, "channel": anyChannel})
	}
	w.awaitCondition("every event", func() bool { return w.slack.Unacked() == 0 })
	for _, needed := range []string{"channel_archive", "group_archive", "channel_id_changed", "member_left_channel"} {
		if !strings.Contains(list, "- "+needed+" ") {
			t.Errorf("the Slack app does not subscribe to %s", needed)
		}
	}
	db := w.openDatabase()
	defer func() { _ = db.Close() }()
	var odd int
	if err := db.QueryRow(`SELECT count(*) FROM dead_letters`).Scan(&odd); err != nil || odd != 0 || len(subscribed) < 10 {
		t.Errorf("%d of %d events were not understood: %v", odd, len(subscribed), err)
	}
}

// TestEveryEndReachesTheRequester closes the channel to the bot before an end. The
// requester hears of it privately, and the thread when it is open again.
func TestEveryEndReachesTheRequester(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	archive := func(archived bool) func(w *world) {
		return func(w *world) {
			w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Archived = archived })
		}
	}
	restrict := func(w *world) { w.slack.Inject("chat.postMessage", fault.Fault{Error: "restricted_action", Times: 5}) }
	approveThenArchive := func(w *world) { // the write waits for UiPath
		w.uipath.Inject("GET group", fault.Fault{Status: 503})
		w.reactToCard(approver, "white_check_mark")
		w.awaitCondition("a read that failed", func() bool { return w.uipath.Injected() > 0 })
		archive(true)(w)
	}
	removeBot := func(w *world) { w.slack.Leave(approvalsChannel, w.slack.BotUserID()) }
	inviteBot := func(w *world) { w.slack.Join(approvalsChannel, w.slack.BotUserID()) }
	refuse := func(w *world, _ string) {
		w.uipath.Clear()
		w.uipath.Inject("PUT group", fault.Fault{Status: 409, Error: "more than was bought"})
	}
	addAnother := func(w *world, _ string) { // the card does not say that it would be taken out
		w.uipath.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance Robots", Codes: []string{"ATTUNU", "RPADEVPRONU"}})
		w.uipath.Clear()
	}
	for name, c := range map[string]struct {
		request     string
		close, open func(w *world)
		end         func(w *world, id string) // what ends the request, or its grant, after the channel is closed
		told, event string
	}{
		"denied, and posting is restricted": {
			request: "group-01 IDU", close: restrict, open: func(*world) {},
			end:  func(w *world, _ string) { w.reactToCard(approver, "x") },
			told: "was denied by <@" + approver + ">", event: "allocation_denied",
		},
		"cancelled, and the channel is archived": {
			request: "group-01 IDU", close: archive(true), open: archive(false),
			end:  func(w *world, id string) { w.typeCommand("cancel " + id) },
			told: "was cancelled by <@" + requester + ">", event: "allocation_cancelled",
		},
		"done, and posting is restricted": {
			request: "group-01 IDU", close: restrict, open: func(*world) {},
			end:  func(w *world, _ string) { w.reactToCard(approver, "white_check_mark") },
			told: "is done: `IDU` added", event: "allocation_done",
		},
		"cancelled, and the bot is removed": {
			request: "group-01 IDU", close: removeBot, open: inviteBot,
			end:  func(w *world, id string) { w.typeCommand("cancel " + id) },
			told: "was cancelled by <@" + requester + ">", event: "allocation_cancelled",
		},
		"failed, and the channel is archived": {
			request: "group-01 IDU", close: approveThenArchive, open: archive(false), end: refuse,
			told: "failed", event: "allocation_failed",
		},
		"failed, and posting is restricted": {
			request: "group-01 IDU", close: restrict, open: func(*world) {},
			end:  func(w *world, id string) { refuse(w, id); w.reactToCard(approver, "white_check_mark") },
			told: "failed", event: "allocation_failed",
		},
		"superseded, and the channel is archived": {
			request: "set group-01 IDU", close: approveThenArchive, open: archive(false), end: addAnother,
			told: "was not carried out", event: "allocation_superseded",
		},
		"superseded, and posting is restricted": {
			request: "set group-01 IDU", close: restrict, open: func(*world) {},
			end:  func(w *world, id string) { addAnother(w, id); w.reactToCard(approver, "white_check_mark") },
			told: "was not carried out", event: "allocation_superseded",
		},
		"a grant is ended, and the channel is archived": {
			request: "group-01 IDU for 30d", close: archive(true), open: archive(false),
			end:  func(w *world, id string) { w.typeCommand("end " + id) },
			told: "The grant of request", event: "allocation_ended",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.startReplica()
			w.typeRequest(c.request)
			w.awaitCondition("the whole card", w.hasCompleteCard)
			card := w.awaitCard()
			if strings.Contains(c.request, "for") {
				w.reactToCard(approver, "white_check_mark")
				w.awaitThreadIn(approvalsChannel, card.TS, "allocation_done")
			}
			w.awaitNoJobs()
			c.close(w)
			c.end(w, fmt.Sprint(card.Metadata.EventPayload["request_id"]))
			w.awaitTold(requester, c.told)
			c.open(w)
			w.awaitThreadIn(approvalsChannel, card.TS, c.event)
			w.wantToldOnce(requester, c.told)
		})
	}
}

// wantToldOnce expects that a person was told these words privately, and once.
func (w *world) wantToldOnce(user, words string) {
	w.t.Helper()
	times := 0
	for _, m := range w.slack.DirectMessages(user) {
		times += strings.Count(m.Text, words)
	}
	for _, e := range w.slack.Ephemerals(user) {
		times += strings.Count(e.Text, words)
	}
	if times != 1 {
		w.t.Errorf("%s was told %d times: %s", user, times, words)
	}
}

// TestExpiryReachesTheRequester closes the channel to the bot before a deadline passes. Where
// the bot cannot look at the card, it waits for a look as long again.
func TestExpiryReachesTheRequester(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	for name, c := range map[string]struct {
		close, open func(w *world)
		isDown      bool // while the deadline passes
	}{
		"archived": {
			func(w *world) {
				w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Archived = true })
			},
			func(w *world) {
				w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Archived = false })
			}, true,
		},
		"the bot is removed": {
			func(w *world) { w.slack.Leave(approvalsChannel, w.slack.BotUserID()) },
			func(w *world) { w.slack.Join(approvalsChannel, w.slack.BotUserID()) }, false,
		},
		"restricted": {
			func(w *world) { w.slack.Inject("chat.postMessage", fault.Fault{Error: "restricted_action", Times: 8}) },
			func(*world) {}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newClockedWorld(newWorld(t))
			s.restartAfter(0)
			s.typeRequest("group-01 IDU")
			s.awaitCondition("the whole card", s.hasCompleteCard)
			s.awaitNoJobs()
			c.close(s.world)
			if past := 2*benchTerms.TTL + time.Hour; c.isDown {
				s.restartAfter(past)
			} else {
				s.ahead.Add(int64(past))
			}
			s.awaitTold(requester, "expired")
			c.open(s.world)
			s.awaitThreadIn(approvalsChannel, s.awaitCard().TS, "allocation_expired")
			s.wantToldOnce(requester, "expired")
		})
	}
}

// TestOutcomeIsToldAfterARestart starts the bot anew before it has told an outcome, while
// it may not read its channel.
func TestOutcomeIsToldAfterARestart(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	w := newWorld(t)
	w.startReplica()
	w.typeRequest("group-01 IDU")
	w.awaitCondition("the whole card", w.hasCompleteCard)
	card := w.awaitCard()
	w.awaitNoJobs()
	w.slack.Leave(approvalsChannel, w.slack.BotUserID())
	w.typeCommand("cancel " + fmt.Sprint(card.Metadata.EventPayload["request_id"]))
	w.awaitJobs("the outcome to wait", `kind = 'post_outcome' AND leased = 0 AND attempt > 0`, 1)
	w.killReplicas()
	w.startReplica()
	const told = "was cancelled by <@" + requester + ">"
	w.awaitTold(requester, told)
	w.slack.Join(approvalsChannel, w.slack.BotUserID())
	w.awaitThreadIn(approvalsChannel, card.TS, "allocation_cancelled")
	w.wantToldOnce(requester, told)
}

// TestChannelBecomesShared lets another organization into the approvals channel, before the
// start or after the checks of the start. The operator is told; votes of strangers do not
// count, and requests go on.
func TestChannelBecomesShared(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	for name, isUp := range map[string]bool{"before the start": false, "while the bot runs": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			const told = "is shared with another organization, or about to be"
			share := func() { w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.ExtShared = true }) }
			if !isUp {
				share()
			}
			w.startReplica()
			if isUp {
				w.awaitChecked()
				share()
			}
			const stranger = "U0STRANGER"
			w.slack.AddUser(fakeslack.User{ID: stranger, Name: "stranger", Stranger: true, TeamID: "T0OTHER"})
			w.slack.Join(approvalsChannel, stranger)
			w.typeRequest("group-01 IDU")
			w.awaitCard()
			w.awaitLog(told)
			w.reactToCard(stranger, "white_check_mark")
			w.awaitTold(stranger, "people from another organization cannot approve licenses")
			w.wantAllocation(0, "ATTUNU")
			w.reactToCard(approver, "white_check_mark")
			w.awaitOutcome("allocation_done", "*Done*")
		})
	}
}

// awaitChecked waits for the check of the setup that follows the start.
func (w *world) awaitChecked() {
	w.t.Helper()
	w.pollUntil("the first check of the setup", func() bool {
		_, metrics := getPage(w.t, w.healthBase()+"/metrics")
		return strings.Contains(metrics, "\nlicensebot_checks_failing ")
	})
}

// TestClosedAtTheStart starts the bot while a request waits in a channel that is closed to it.
// The requester hears of that once. What approvers said counts when the channel is open again.
func TestClosedAtTheStart(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	archive := func(archived bool) func(w *world) {
		return func(w *world) {
			w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Archived = archived })
		}
	}
	removeBot := func(w *world) { w.slack.Leave(approvalsChannel, w.slack.BotUserID()) }
	inviteBot := func(w *world) { w.slack.Join(approvalsChannel, w.slack.BotUserID()) }
	const waits = "is kept, but I cannot hear its approvers in <#" + approvalsChannel + "> now: "
	for name, c := range map[string]struct {
		before      func(w *world) // the bot stops
		close, open func(w *world)
		told        string
		isApproved  bool
	}{
		"the bot is removed": {func(*world) {}, removeBot, inviteBot, waits + "the bot is not in the approvals channel", false},
		"archived":           {func(*world) {}, archive(true), archive(false), waits + "the approvals channel is archived", false},
		"not to be seen": {
			func(*world) {},
			func(w *world) {
				w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) { c.Private, c.Members = true, nil })
			},
			func(w *world) {
				w.slack.UpdateChannel(approvalsChannel, func(c *fakeslack.Channel) {
					c.Private, c.Members = false, []string{approver, w.slack.BotUserID()}
				})
			}, waits + "Slack shows the bot no such channel", false,
		},
		"the bot is removed, and the request is approved": {
			func(w *world) {
				w.uipath.Inject("GET group", fault.Fault{Status: 503})
				w.reactToCard(approver, "white_check_mark")
				w.awaitCondition("a read that failed", func() bool { return w.uipath.Injected() > 0 })
			}, removeBot, inviteBot, "is approved by <@" + approver + "> but not done yet", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.startReplica()
			w.typeRequest("group-01 IDU")
			w.awaitCondition("the whole card", w.hasCompleteCard)
			c.before(w)
			w.killReplicas()
			w.uipath.Clear()
			c.close(w)
			w.startReplica()
			w.awaitTold(requester, c.told)
			w.awaitLog("the approvals channel needs attention")
			w.wantAllocation(0, "ATTUNU")
			c.open(w)
			if !c.isApproved {
				w.reactToCard(approver, "white_check_mark")
			}
			w.awaitOutcome("allocation_done", "*Done*")
			w.wantAllocation(1, "ATTUNU", "IDU")
			w.wantToldOnce(requester, c.told)
		})
	}
}
