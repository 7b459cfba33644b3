// Package demo is the sandbox behind `licensebot sandbox`: a simulated Slack (package
// fakeslack), a simulated UiPath (package fakeuipath), and the bot between them, all on
// one machine. The bot is a child process, so that it can be killed.
//
// [Open] starts the simulators. [Sandbox.StartBot] starts the bot with a complete
// environment, and writes a [Clock] to its standard input, which [Clock.Follow] reads:
// thirty days pass in a moment, for the bot and the simulators alike. [Sandbox.Handler]
// serves the page (package page) and the interface behind it.
//
//	sandbox, err := demo.Open(demo.Options{Bot: runBot, CheckPolicy: check, ReadRecords: read, CodeName: name})
//	if err != nil {
//		return err
//	}
//	defer sandbox.Close()
//	err = sandbox.StartBot()
//	http.Serve(listener, sandbox.Handler())
//
// [Play] tells a story with a sandbox. Every printed line is read back from the
// simulators, so the story shows what the bot did, not what the bot says about itself.
//
// sandbox.go opens and closes, folder.go and keep.go keep the state, process.go runs the
// bot. serve.go, people.go, state.go and events.go are the interface, weather.go and
// scenes.go are what goes wrong. story.go and stage.go tell the story.
package demo
