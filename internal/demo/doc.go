// Package demo tells the story behind `licensebot sandbox`: people ask for
// licenses, approvers vote, and the bot changes allocations, all on one machine.
//
// [Play] starts a simulated Slack (package fakeslack) and a simulated UiPath
// (package fakeuipath), runs the bot against them, and acts the people. Every
// line that it prints is read back from the simulators, so the story shows
// what the bot did and not what the bot says about itself. Play returns an
// error as soon as a scene does not happen as told.
//
// The caller brings the bot as a [Start]. It gets a complete environment with
// the addresses and tokens of the simulators, and a [Clock] that the story
// puts forward, so that thirty days pass between two lines:
//
//	err := demo.Play(ctx, os.Stdout, func(ctx context.Context, env map[string]string, clock *demo.Clock) error {
//		return serve(ctx, env, clock.Now) // until ctx ends
//	})
//
// The first act is in story.go, the second in second_act.go.
package demo
