package fakeslack

// A Surface is a place where Slack shows who a person is.
type Surface string

// The surfaces. On Enterprise Grid each may show either id of a person.
const (
	SurfaceCommands   Surface = "commands"
	SurfaceInteracts  Surface = "interactions"
	SurfaceEvents     Surface = "events"   // the person who acts
	SurfaceAuthors    Surface = "authors"  // of messages, also in events
	SurfaceReactions  Surface = "reactors" // in reactions.get and history
	SurfaceUserGroups Surface = "usergroups.users.list"
	SurfaceUserInfo   Surface = "users.info"
	SurfaceAuthTest   Surface = "auth.test"
)

// Surfaces lists all of them.
func Surfaces() []Surface {
	return []Surface{
		SurfaceCommands, SurfaceInteracts, SurfaceEvents, SurfaceAuthors, SurfaceReactions, SurfaceUserGroups,
		SurfaceUserInfo, SurfaceAuthTest,
	}
}

// JoinEnterprise makes the workspace a part of an Enterprise Grid. The bot and people
// with a GlobalID have two ids then. Calls take either.
func (s *Server) JoinEnterprise(id string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.enterprise = id
	bot := s.users[s.ids.botUser]
	bot.GlobalID = "W" + bot.ID[1:]
	s.addEntry(Entry{Kind: EntryWorkspace, Type: "enterprise", Detail: id})
}

// ShowGlobalIDs says which id of a person a surface shows from now on.
func (s *Server) ShowGlobalIDs(surface Surface, on bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.showsGlobal[surface] = on
}

// shownID is the id of a user that a surface shows. Callers hold s.lock.
func (s *Server) shownID(surface Surface, user string) string {
	if u := s.users[user]; u != nil && u.GlobalID != "" && s.enterprise != "" && s.showsGlobal[surface] {
		return u.GlobalID
	}
	return user
}

// shownIDs is shownID of several users. The list is never nil.
func (s *Server) shownIDs(surface Surface, users []string) []string {
	shown := make([]string, len(users))
	for i, user := range users {
		shown[i] = s.shownID(surface, user)
	}
	return shown
}

// localID is the id of a user by which this Server keeps the user.
func (s *Server) localID(id string) string {
	for _, u := range s.users {
		if id != "" && u.GlobalID == id && s.enterprise != "" {
			return u.ID
		}
	}
	return id
}

// An Origin is the workspace that a delivery names.
type Origin struct {
	TeamID, EnterpriseID string // empty: not named
	OrgInstall           bool   // the app is installed in the whole organization
}

// DeliverFrom makes deliveries name a workspace from now on: another one in which
// the app is installed as well, or this one in another way. Without it they name
// this workspace.
func (s *Server) DeliverFrom(o Origin) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.deliverFrom = &o
}

// origin is what deliveries name. Callers hold s.lock.
func (s *Server) origin() Origin {
	if s.deliverFrom != nil {
		return *s.deliverFrom
	}
	return Origin{TeamID: s.ids.team, EnterpriseID: s.enterprise}
}

// orNull is JSON null for an empty id.
func orNull(id string) any {
	if id == "" {
		return nil
	}
	return id
}

// idObject is an object with an id, or JSON null.
func idObject(id string) any {
	if id == "" {
		return nil
	}
	return jsonObject{"id": id, "domain": "sandbox", "name": "Sandbox"}
}

// renderEnterpriseUser is what users.info tells of a person's other id.
func (s *Server) renderEnterpriseUser(u *User) jsonObject {
	return jsonObject{
		"id": u.GlobalID, "enterprise_id": s.enterprise, "enterprise_name": "Sandbox",
		"is_admin": false, "is_owner": false, "teams": []string{s.ids.team},
	}
}
