package bot

import (
	"encoding/json"
	"errors"
	"slices"

	"licensebot/bot/slackapi"
	"licensebot/bot/socket"
)

// A deliveryOrigin is what the bot reads of any payload to know whose it is: one app
// token receives from each workspace where the app is installed.
//
// A command names the workspace at the top, an interaction in objects. An event names
// the one where it happened, which may be another in a shared channel, and those
// through which the app sees it.
type deliveryOrigin struct {
	TeamID            string            `json:"team_id"`
	EnterpriseID      string            `json:"enterprise_id"`
	Team              idRef             `json:"team"`
	Enterprise        idRef             `json:"enterprise"`
	OrgInstall        looseBool         `json:"is_enterprise_install"`
	ContextTeam       string            `json:"context_team_id"`
	ContextEnterprise string            `json:"context_enterprise_id"`
	Authorizations    []installationRef `json:"authorizations"`
}

type idRef struct {
	ID string `json:"id"`
}

type installationRef struct {
	TeamID       string    `json:"team_id"`
	EnterpriseID string    `json:"enterprise_id"`
	OrgInstall   looseBool `json:"is_enterprise_install"`
}

// A looseBool is a JSON boolean, or its name as a string. Slack sends either.
type looseBool bool

// UnmarshalJSON takes anything else for false.
func (b *looseBool) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	*b = text == "true" || text == `"true"`
	return nil
}

// workspaces lists those through which the app may see an envelope.
func (o deliveryOrigin) workspaces(kind string) []slackapi.Workspace {
	switch kind {
	case socket.TypeInteraction:
		return []slackapi.Workspace{{
			TeamID: o.Team.ID, EnterpriseID: o.Enterprise.ID, OrgInstall: bool(o.OrgInstall),
		}}
	case socket.TypeEvent:
		all := []slackapi.Workspace{
			{TeamID: o.TeamID, EnterpriseID: o.EnterpriseID},
			{TeamID: o.ContextTeam, EnterpriseID: o.ContextEnterprise},
		}
		for _, a := range o.Authorizations {
			all = append(all, slackapi.Workspace{
				TeamID: a.TeamID, EnterpriseID: a.EnterpriseID, OrgInstall: bool(a.OrgInstall),
			})
		}
		return all
	}
	return []slackapi.Workspace{{
		TeamID: o.TeamID, EnterpriseID: o.EnterpriseID, OrgInstall: bool(o.OrgInstall),
	}}
}

// An ownership says whether an envelope comes from the bot's own workspace.
type ownership int

const (
	own     ownership = iota
	foreign           // from another workspace
	unnamed           // from an unknown one
)

// ownershipOf compares the workspaces that an envelope names with the bot's own. A
// payload that is no JSON object, or of another kind, is left to others.
func ownershipOf(identity slackapi.Identity, env socket.Envelope) ownership {
	var origin deliveryOrigin
	isKnownKind := env.IsDeliveredOnce() || env.Type == socket.TypeEvent
	if _, mistyped := errors.AsType[*json.UnmarshalTypeError](json.Unmarshal(env.Payload, &origin)); !isKnownKind ||
		!mistyped && !json.Valid(env.Payload) {
		return own
	}
	all := origin.workspaces(env.Type)
	isNamed := func(w slackapi.Workspace) bool { return w.TeamID != "" || w.EnterpriseID != "" }
	switch {
	case slices.ContainsFunc(all, identity.Owns):
		return own
	case slices.ContainsFunc(all, isNamed):
		return foreign
	}
	return unnamed
}
