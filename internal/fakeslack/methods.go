package fakeslack

// webMethod is one method of the Web API. run is called with s.lock held and
// with checked arguments.
type webMethod struct {
	tier  int    // 0: has a rule of its own
	app   bool   // wants the app-level token
	scope string // "": none, or the method checks it by type of channel
	args  string // see parseArgSpecs
	run   func(*Server, *apiCall) (jsonObject, error)
}

// Arguments that several methods share.
const (
	messageArgs = " text blocks attachments metadata markdown_text link_names:bool parse as_user:bool"
	postArgs    = messageArgs + " thread_ts:ts username icon_emoji icon_url"
	rangeArgs   = " oldest:ts latest:ts inclusive:bool limit:int cursor include_all_metadata:bool"
)

// findMethod finds a method of the Web API by name. The table holds every
// method that the bot could want. It stands inside a function because the
// methods lead back to it.
func findMethod(name string) (webMethod, bool) {
	m, ok := map[string]webMethod{
		"apps.connections.open": {tier: 1, app: true, run: (*Server).openConnection},
		"auth.test":             {run: (*Server).authTest},
		"bots.info":             {tier: 3, scope: "users:read", args: "bot team_id", run: (*Server).botInfo},
		"chat.delete": {
			tier: 3, scope: "chat:write", args: "channel! ts!:ts as_user:bool", run: (*Server).deleteOwn,
		},
		"chat.getPermalink": {args: "channel! message_ts!:ts", run: (*Server).getPermalink},
		"chat.postEphemeral": {
			tier: 4, scope: "chat:write", args: "channel! user!" + postArgs, run: (*Server).postEphemeral,
		},
		"chat.postMessage": {
			scope: "chat:write", run: (*Server).postMessage,
			args: "channel! reply_broadcast:bool unfurl_links:bool unfurl_media:bool mrkdwn:bool" + postArgs,
		},
		"chat.update": {
			tier: 3, scope: "chat:write", run: (*Server).updateMessage,
			args: "channel! ts!:ts reply_broadcast:bool" + messageArgs,
		},
		"conversations.history": {tier: 3, args: "channel!" + rangeArgs, run: (*Server).listHistory},
		"conversations.info": {
			tier: 3, args: "channel! include_locale:bool include_num_members:bool", run: (*Server).channelInfo,
		},
		"conversations.join":    {tier: 3, scope: "channels:join", args: "channel!", run: (*Server).joinChannel},
		"conversations.members": {tier: 4, args: "channel! cursor limit:int", run: (*Server).listMembers},
		"conversations.replies": {tier: 3, args: "channel! ts!:ts" + rangeArgs, run: (*Server).listReplies},
		"emoji.list":            {tier: 2, scope: "emoji:read", args: "include_categories:bool", run: (*Server).listEmoji},
		"reactions.add": {
			tier: 3, scope: "reactions:write", args: "channel! name! timestamp!:ts", run: (*Server).addReaction,
		},
		"reactions.get": {
			tier: 3, scope: "reactions:read", run: (*Server).getReactions,
			args: "channel timestamp:ts full:bool file file_comment",
		},
		"reactions.remove": {
			tier: 2, scope: "reactions:write", run: (*Server).removeReaction,
			args: "name! channel timestamp:ts file file_comment",
		},
		"usergroups.users.list": {
			tier: 2, scope: "usergroups:read", run: (*Server).groupMembers,
			args: "usergroup! include_disabled:bool team_id",
		},
		"users.info":    {tier: 4, scope: "users:read", args: "user! include_locale:bool", run: (*Server).userInfo},
		"views.open":    {tier: 4, args: "trigger_id! view! interactivity_pointer", run: (*Server).openView},
		"views.publish": {tier: 4, args: "user_id! view! hash interactivity_pointer", run: (*Server).publishView},
		"views.update":  {tier: 4, args: "view! view_id external_id hash", run: (*Server).updateView},
	}[name]
	return m, ok
}
