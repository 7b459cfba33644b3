package command_test

import (
	"testing"

	"licensebot/bot/command"
)

// What Slack makes of typed text is undone before it is understood.
func TestSlackTextIsUndone(t *testing.T) {
	for arrives, want := range map[string]string{
		":robot_face: Robots":                               "🤖 Robots",
		"Robots :slightly_smiling_face:":                    "Robots 🙂",
		":white_check_mark:":                                "✅",
		"✅\ufe0f ✔\ufe0f":                                   "✅ ✔",
		":our_own: emoji":                                   ":our_own: emoji",
		"<mailto:a@b.com|a@b.com>":                          "a@b.com",
		"<https://x.com/?a=1&amp;b=2|x.com/?a=1&amp;b=2>":   "x.com/?a=1&b=2",
		"<https://x.com/a>":                                 "x.com/a",
		"<tel:+49123|+49123> <ftp://files.x.com|files>":     "+49123 files",
		"<slack://channel?id=1|open>":                       "open",
		"R&amp;D &lt;x&gt; &amp;amp;":                       "R&D <x> &amp;",
		`"<#C0GENERAL|general> robots"`:                     `"#general robots"`,
		`"by <@U0KIM|kim> and <!subteam^S0IT|@it>"`:         `"by @kim and @it"`,
		"<@U0KIM|kim> IDU":                                  "<@U0KIM|kim> IDU", // a person is no group
		"\u201c:robot_face: <#C0GENERAL|general>\u201d IDU": `"🤖 #general" IDU`,
	} {
		if got := command.Normalize(arrives); got != want {
			t.Errorf("%q is read as %q, want %q", arrives, got, want)
		}
	}
}

// A group and a reason are what the person typed, whatever Slack made of it.
func TestTypedEmojiAndMentions(t *testing.T) {
	c, err := command.Parse("/allocate", `":robot_face: Robots" IDU because <@U0KIM|kim> asked in <#C0GENERAL|general> :tada:`, testTime)
	if err != nil || c.Ask.Group != "🤖 Robots" || c.Ask.Reason != "@kim asked in #general 🎉" {
		t.Errorf("%+v, %v", c.Ask, err)
	}
}
