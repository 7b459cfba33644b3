package bot

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"licensebot/approvals"
	"licensebot/bot/message"
	"licensebot/bot/slackapi"
	"licensebot/bot/socket"
)

// Rates are how often the bot calls Slack, by the kind of call.
type Rates = slackapi.Rates

// DefaultRates keep within the limits that Slack documents.
var DefaultRates = slackapi.DefaultRates

// An Envelope is one delivery from Slack.
type Envelope = socket.Envelope

// An EnvelopeResult is what became of an envelope.
type EnvelopeResult = socket.Result

// An EndReason is why a connection to Slack ended.
type EndReason = socket.EndReason

// EndReasons lists why connections to Slack end.
var EndReasons = socket.EndReasons

// A Watch counts what happens on the way to Slack.
type Watch = socket.Watch

// Connections is how many connections to Slack one process keeps open.
const Connections = socket.Connections

// ShortcutOpen is the callback id of the global shortcut that opens the form, as
// in the app manifest.
const ShortcutOpen = message.ShortcutOpen

// IsSlacksOwn reports whether a host is Slack's, or that of a workspace there.
func IsSlacksOwn(host string) bool { return slackapi.DomainOf(host) != "" }

// SlackConfig is how the bot reaches Slack.
type SlackConfig struct {
	APIURL   string // with a slash at the end
	BotToken string
	AppToken string
	// FollowsAppToken says that ReplaceAppToken is called once the token's file changes.
	FollowsAppToken bool
	AllowHTTP       bool // connections may go unencrypted to another machine
	// Replicas counts the processes of this installation. Nil: that is not known.
	Replicas func(context.Context) (int, error)
	Watch    Watch
}

// Deps is what a Bot works with.
type Deps struct {
	Slack   SlackConfig
	Channel string // the approvals channel of today
	Target  approvals.Target
	Emoji   approvals.Emoji
	TTL     time.Duration // life of a request that has no card yet
	Rates   Rates

	Store    Store
	UiPath   UiPath
	CodeName func(code string) (name string, ok bool) // display names of user bundle codes
	Codes    []string                                 // those that have a display name
	Policy   func() approvals.Policy                  // the policy in force
	// SetupProblems names the checks of the setup that found a problem last. Nil means
	// that there are none.
	SetupProblems func() []string
	// ChannelChanged is called when Slack tells that the approvals channel is not as it was.
	// Nil: nothing waits for that.
	ChannelChanged func()

	// Canary keeps what a reaction of the bot checks, which is that Slack delivers; nil
	// switches that off. Replica names this process in what it keeps, and CanaryEnded is
	// told how each round ended.
	Canary      CanaryStore
	Replica     string
	CanaryEnded func(approvals.Canary, approvals.CanaryResult)

	Now func() time.Time // the clock of dates that people type; nil: time.Now
	Log zerolog.Logger
}

// A Bot talks with people in Slack.
type Bot struct {
	channel     *currentChannel
	apiURL      string
	client      *slackapi.Client
	identity    slackapi.Identity
	directory   *slackapi.Directory
	messenger   *Messenger
	lookups     *lookups
	home        *home
	background  *backgroundQueue
	intake      *intake
	canary      *canary // nil: it is off
	socket      *socket.Socket
	reconnected chan struct{}
	log         zerolog.Logger
}

// New makes a bot. It asks Slack who the bot is, for as long as Slack cannot be
// reached or until ctx ends. It opens no connection for envelopes; Run does.
func New(ctx context.Context, d Deps) (*Bot, error) {
	client := slackapi.NewClient(d.Slack.APIURL, d.Slack.BotToken)
	client.Watch(d.Slack.Watch.Calls)
	identity, err := client.Identify(ctx, d.Log)
	if err != nil {
		return nil, err
	}
	b := &Bot{
		channel: newCurrentChannel(d.Channel), apiURL: d.Slack.APIURL, client: client, identity: identity,
		reconnected: make(chan struct{}, 1), log: d.Log,
	}
	b.assemble(d)
	return b, nil
}

// assemble makes the parts of the bot and joins them.
func (b *Bot) assemble(d Deps) {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.ChannelChanged == nil {
		d.ChannelChanged = func() {}
	}
	phrases := message.Phrases{Channel: b.channel.get, Emoji: d.Emoji, CodeName: d.CodeName}
	posts := slackapi.NewMessenger(b.client, b.identity, d.Rates, d.Log)
	views := slackapi.NewViews(b.client)
	responseURLs := new(slackapi.ResponseURLs)
	b.directory = slackapi.NewDirectory(b.client, b.identity)
	b.messenger = &Messenger{posts: posts, phrases: phrases, responseURLs: responseURLs}
	b.lookups = newLookups(d.UiPath, d.Store, d.Policy, posts, phrases, d.Log)
	b.background = newBackgroundQueue(d.Log)
	voters := voters{directory: b.directory}
	condition := health{
		uipath: d.UiPath, live: b.LiveConnections, policy: d.Policy, directory: b.directory, setup: d.SetupProblems,
	}
	b.home = &home{
		views: views, store: d.Store, voters: voters, phrases: phrases, link: b.identity.MessageLink, log: d.Log,
		problems: condition.listProblems, setupProblems: condition.listSetupProblems,
		asked: make(chan struct{}, 1), tabs: make(map[string]*tab),
	}
	if d.Canary != nil {
		b.canary = &canary{
			store: d.Canary, posts: posts, phrases: phrases, channel: b.channel, replica: d.Replica,
			report: d.CanaryEnded, now: d.Now, log: d.Log,
			replace: func() { b.socket.ReplaceConnections() },
		}
	}
	knows := &understanding{
		uipath: d.UiPath, directory: b.directory, requests: d.Store, policy: d.Policy, codes: d.Codes,
		codeName: d.CodeName, log: d.Log,
	}
	own := ownRequests{ChangeStore: d.Store, target: d.Target}
	b.intake = &intake{
		store: d.Store, identity: b.identity, channel: b.channel, channelChanged: d.ChannelChanged, understanding: knows,
		directory: b.directory, phrases: phrases, now: d.Now, policy: d.Policy, log: d.Log,
		filing: &filing{
			store: d.Store, channel: b.channel, target: d.Target, ttl: d.TTL, seats: knows.listSeats,
			phrases: phrases, responseURLs: responseURLs, log: d.Log,
		},
		changes: &changes{store: own, voters: voters, phrases: phrases, log: d.Log},
		queries: &queries{store: d.Store, voters: voters, directory: b.directory, phrases: phrases, log: d.Log},
		lookups: b.lookups,
		form:    &form{views: views, catalog: d.UiPath, codes: d.Codes, policy: d.Policy, phrases: phrases, log: d.Log},
		doubles: &doubles{store: d.Store, posts: posts},
		presses: &presses{store: own, voters: voters, views: views, log: d.Log},
		home:    b.home, canary: b.canary, posts: posts, background: b.background,
	}
	b.socket = socket.New(socket.Config{
		APIURL: d.Slack.APIURL, BotToken: d.Slack.BotToken, AppToken: d.Slack.AppToken,
		FollowsAppToken: d.Slack.FollowsAppToken, AllowHTTP: d.Slack.AllowHTTP,
		OnHello: b.signalReconnected, Replicas: d.Slack.Replicas, Watch: d.Slack.Watch, Now: d.Now,
		Explain: func(err error) error { return slackapi.ClassifyError("apps.connections.open", err) },
	}, b.intake, d.Log)
	b.client.FollowDates(b.socket.NoteDate)
}

func (b *Bot) signalReconnected() {
	select {
	case b.reconnected <- struct{}{}:
	default:
	}
}

// UserID is the bot's own user id.
func (b *Bot) UserID() string { return b.identity.UserID }

// CheckChannel looks for problems of the approvals channel. The error is in words
// for the operator.
func (b *Bot) CheckChannel(ctx context.Context) error {
	return b.client.CheckChannel(ctx, b.channel.get())
}

// Messenger is what workers post by.
func (b *Bot) Messenger() *Messenger { return b.messenger }

// Directory is what workers look people and reactions up in.
func (b *Bot) Directory() *slackapi.Directory { return b.directory }

// Deafness says what Slack does not deliver although connections live: the bot's own reaction
// came back to no replica, or only as a repetition, twice in a row. It is empty if Slack
// delivers.
func (b *Bot) Deafness() string { return b.canary.deafness() }

// LiveConnections tells how many connections for envelopes are open.
func (b *Bot) LiveConnections() int { return b.socket.LiveConnections() }

// IsBusy reports whether envelopes wait to be handled.
func (b *Bot) IsBusy() bool { return b.socket.IsBusy() }

// Reconnected has a value after a connection was opened: while none was open,
// something may have been missed.
func (b *Bot) Reconnected() <-chan struct{} { return b.reconnected }

// Run receives and answers envelopes until ctx ends. Then it takes no more of
// them, finishes and acknowledges those it has, closes the connections, and says
// what was left to say. It returns early, with an error for the operator, if
// Slack rejects the app's token.
func (b *Bot) Run(ctx context.Context) error {
	beside, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { b.home.run(beside) })
	running.Go(func() { b.background.run(beside) })
	if b.canary != nil {
		running.Go(func() { b.canary.run(beside) })
	}
	defer running.Wait()
	defer cancel()
	err := b.socket.Run(ctx)
	b.log.Info().Msg("licensebot is stopping")
	return err
}

// Close gives up what is still being looked up at UiPath, and waits until that
// is over. The bot must not run any more.
func (b *Bot) Close() { b.lookups.close() }
