// Package demo tells the story behind `licensebot sandbox`: people ask for
// licenses, approvers vote, and the bot changes allocations, all on one machine.
//
// [Play] starts a simulated Slack (package fakeslack) and a simulated UiPath
// (package fakeuipath), runs the bot against them, and plays the people. Every
// printed line is read back from the simulators, so the story shows what the
// bot did, not what the bot says about itself. Play returns an error as soon
// as a scene fails.
//
// The caller brings the bot as a [Start]. Play gives it a complete environment
// with the addresses and tokens of the simulators, and a [Clock]. The story
// puts the clock forward, so thirty days pass between two lines:
//
//	err := demo.Play(ctx, os.Stdout, func(ctx context.Context, env map[string]string, clock *demo.Clock) error {
//		return serve(ctx, env, clock.Now) // until ctx ends
//	})
//
// story.go runs the bot and the two acts, first_act.go and second_act.go hold
// the scenes, and stage.go holds the simulators and what people do in them.
package demo
