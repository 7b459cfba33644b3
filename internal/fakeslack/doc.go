// Package fakeslack is a Slack that runs here: a workspace with one installed
// app, its Web API, Socket Mode, and the people who use it.
//
// It is the test bed of licensebot and one half of its demo. It speaks only
// HTTP and WebSocket and shares no code with the bot, so the same bot runs
// against it and against Slack. It is strict: it refuses what Slack would
// refuse, with Slack's own error names.
//
// A [Server] has three sides:
//   - The bot's side is [Server.APIURL] with [Server.BotToken] and
//     [Server.AppToken]. The bot needs nothing else.
//   - The people's side are methods such as [Server.Command], [Server.React]
//     and [Server.Submit]. They do what a person does in a Slack client and
//     return what that person sees.
//   - The test's side are [Server.Journal] and [Server.Calls] for what happened,
//     [Server.Wait] for what is to happen, and methods to harm the bot: Inject
//     (package fault), [Server.CutSockets] and others.
//
// All times that it tells are of one clock, Config.Now: of messages, of events, and in the
// Date of each answer. Slack's documentation does not promise that; of servers under one
// roof it is assumed. [Server.SetDateAhead] sets the Date apart.
//
// A test that types a command and looks for the card:
//
//	slack, err := fakeslack.New(fakeslack.Config{})
//	if err != nil {
//		t.Fatal(err)
//	}
//	defer slack.Close()
//	slack.AddUser(fakeslack.User{ID: "U0ROBIN", Name: "robin"})
//	slack.AddChannel(fakeslack.Channel{ID: "C0LICENSES", Members: []string{"U0ROBIN", slack.BotUserID()}})
//	// Start the bot with slack.APIURL(), slack.BotToken() and slack.AppToken().
//	typed, err := slack.Command(ctx, "U0ROBIN", "C0LICENSES", "/allocate", "group-01 IDU")
//	err = slack.Wait(ctx, func() bool { return len(slack.Messages("C0LICENSES")) == 1 })
//
// The files from the top down: start.go starts and stops a Server. web.go and
// methods.go are the Web API. link.go, socket.go, envelope.go and ack.go are
// Socket Mode. command.go, interact.go and views.go are what people do.
// people.go, messages.go and journal.go are the state, and saved.go keeps it for another
// Server.
package fakeslack
