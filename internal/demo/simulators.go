package demo

import (
	"strings"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// A person is one of the cast.
type person struct{ id, name, role, note string }

// cast are the people of the sandbox.
var cast = []person{
	{requesterID, "Robin", "requester", "asks for licenses"},
	{bystanderID, "Sam", "bystander", "is no approver"},
	{approverID, "Alex", "approver", "approves for every group"},
	{auditorID, "Kim", "approver", "approves for every group"},
	{managerID, "Lee", "approver", "approves for Audit Robots"},
	{guestID, "Gale", "guest", "is a guest of the workspace"},
}

// newSimulators starts a Slack and a UiPath: those that were saved, or new ones with the
// people and groups of the story.
func newSimulators(clock *Clock, saved savedState) (*fakeslack.Server, *fakeuipath.Server, error) {
	slack, err := fakeslack.New(fakeslack.Config{ChannelPace: true, Now: clock.Now, Saved: saved.Slack})
	if err != nil {
		return nil, nil, err
	}
	uipath, err := fakeuipath.New(fakeuipath.Config{Now: clock.Now, Saved: saved.UiPath})
	if err != nil {
		slack.Close()
		return nil, nil, err
	}
	if saved.Slack == nil {
		furnishSlack(slack)
		furnishUiPath(uipath)
	}
	return slack, uipath, nil
}

func furnishSlack(slack *fakeslack.Server) {
	var people []string
	for _, p := range cast {
		slack.AddUser(fakeslack.User{
			ID: p.id, Name: strings.ToLower(p.name), RealName: p.name, Restricted: p.role == "guest",
		})
		people = append(people, p.id)
	}
	slack.AddChannel(fakeslack.Channel{ID: generalID, Name: "general", Members: people})
	slack.AddChannel(fakeslack.Channel{ID: channelID, Name: "licenses", Members: append(people, slack.BotUserID())})
}

func furnishUiPath(uipath *fakeuipath.Server) {
	uipath.Own("RPADEVPRONU", 40, 3)
	uipath.Own("IDU", 10, 1)
	uipath.Own("CTZDEVCU", 25, 0)
	uipath.Own("ATTUNU", 50, 12)
	uipath.AddGroup(fakeuipath.Group{ID: groupID, Name: "Finance Robots", Codes: []string{"ATTUNU"}})
	uipath.AddGroup(fakeuipath.Group{ID: auditGroupID, Name: auditGroup, Codes: []string{"ATTUNU"}})
}

// botEnvironment is a real installation's configuration with the addresses
// and tokens of the simulators.
func botEnvironment(slack *fakeslack.Server, uipath *fakeuipath.Server, database, policy string) map[string]string {
	return map[string]string{
		"SLACK_BOT_TOKEN":         slack.BotToken(),
		"SLACK_APP_TOKEN":         slack.AppToken(),
		"SLACK_API_URL":           slack.APIURL(),
		"UIPATH_URL":              uipath.URL(),
		"UIPATH_ORGANIZATION":     uipath.Organization(),
		"UIPATH_ACCOUNT_ID":       uipath.AccountID(),
		"UIPATH_CLIENT_ID":        uipath.ClientID(),
		"UIPATH_CLIENT_SECRET":    uipath.ClientSecret(),
		"LICENSEBOT_CANARY":       "off",
		"LICENSEBOT_CHANNEL":      channelID,
		"LICENSEBOT_POLICY_FILE":  policy,
		"LICENSEBOT_DATABASE_URL": "sqlite://" + database,
		"LICENSEBOT_HTTP_ADDR":    "127.0.0.1:0",
	}
}
