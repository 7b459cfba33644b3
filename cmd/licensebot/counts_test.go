package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"github.com/rs/zerolog"

	"licensebot/bot/bottest"
)

// What one request costs is counted, because counts are the same on every machine:
// command, card, ✅, write, outcome. docs/performance.md has these numbers.
type requestCost struct {
	transactions, reads, slackCalls float64
}

// recordedCosts are what a request costs in each store. The test fails at twice as much,
// so a change that makes requests cheaper records the new numbers here.
var recordedCosts = map[string]requestCost{
	"sqlite":   {transactions: 11, reads: 15, slackCalls: 7},
	"postgres": {transactions: 11, reads: 35, slackCalls: 7},
}

// countedRequests is how many requests the test runs, one after another.
const countedRequests = 10

func TestCostOfOneRequest(t *testing.T) {
	for name, recorded := range recordedCosts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if name == "postgres" {
				w.usePostgres()
			}
			base := w.serveUnpaced()
			w.runWholeRequest(0) // so that people, tokens and plans are known
			before := w.countCosts(base)
			for i := range countedRequests {
				w.runWholeRequest(i + 1)
			}
			after := w.countCosts(base)
			cost := requestCost{
				transactions: (after.transactions - before.transactions) / countedRequests,
				reads:        (after.reads - before.reads) / countedRequests,
				slackCalls:   (after.slackCalls - before.slackCalls) / countedRequests,
			}
			t.Logf("a request costs %+v", cost)
			if cost.transactions >= 2*recorded.transactions || cost.reads >= 2*recorded.reads ||
				cost.slackCalls >= 2*recorded.slackCalls {
				t.Errorf("a request costs %+v, which is twice as much as recorded: %+v", cost, recorded)
			}
		})
	}
}

// serveUnpaced runs the bot in this process and returns the address of its metrics. It
// posts faster than Slack allows.
func (w *world) serveUnpaced() (base string) {
	w.t.Helper()
	cfg, err := newConfig(environmentOf(w.env), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	log := new(bottest.Log)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, cfg, Tuning{Rates: unpaced}, zerolog.New(log)) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.t.Errorf("it did not stop well: %v", err)
		}
	})
	w.awaitCondition("both connections", func() bool { return w.slack.Connections() == 2 })
	base = "http://" + servedAddress(w.t, log.String())
	w.awaitCounted(base, 2)
	return base
}

// runWholeRequest takes the i-th request from the command to its outcome.
func (w *world) runWholeRequest(i int) {
	w.t.Helper()
	addGroup(w.uipath, i)
	w.typeRequest(fmt.Sprintf("group-%05d IDU", i))
	w.awaitCondition("the card", func() bool {
		cards := w.listCards()
		return len(cards) == i+1 && len(cards[i].Reactions) == 2
	})
	card := w.listCards()[i].TS
	if err := w.slack.React(approver, approvalsChannel, card, "white_check_mark"); err != nil {
		w.t.Fatal(err)
	}
	w.awaitCondition("the outcome", func() bool { return len(w.slack.Thread(approvalsChannel, card)) > 0 })
	w.awaitNoJobs()
	if n := len(w.uipath.Writes()); n != i+1 {
		w.t.Fatalf("%d writes reached UiPath instead of %d", n, i+1)
	}
}

var transactionMetric = regexp.MustCompile(`licensebot_database_transactions_total\{kind="(\w+)"\} (\d+)`)

// countCosts reads the counts so far. Surveys are left out: they look at all cards of a
// channel at once, now and then.
func (w *world) countCosts(base string) requestCost {
	w.t.Helper()
	_, metrics := getPage(w.t, base+"/metrics")
	kinds := map[string]float64{}
	for _, found := range transactionMetric.FindAllStringSubmatch(metrics, -1) {
		count, err := strconv.ParseFloat(found[2], 64)
		if err != nil {
			w.t.Fatal(err)
		}
		kinds[found[1]] = count
	}
	calls := len(w.slack.Calls("")) - len(w.slack.Calls("conversations.history"))
	return requestCost{transactions: kinds["write"], reads: kinds["read"], slackCalls: float64(calls)}
}
