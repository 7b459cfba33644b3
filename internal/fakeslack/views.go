package fakeslack

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// View is an open modal, or a person's App Home.
type View struct {
	ID, User, Type  string // Type: "modal" or "home"
	CallbackID      string
	PrivateMetadata string
	Hash            string
	Blocks          json.RawMessage   // with the block ids that Slack adds
	Errors          map[string]string // by block id: the answer to the last submission
	Closed          bool

	fields  jsonObject // from the app, with block ids added
	root    string
	offered map[string]map[string]any // by action id and value, from type-aheads
}

// viewTrigger is a trigger_id: the right to open one view.
type viewTrigger struct {
	user    string
	expires time.Time
	used    bool
}

const (
	triggerLife = 3 * time.Second
	maxView     = 250 << 10
)

var triggerPattern = regexp.MustCompile(`^\d+\.\d+\.[0-9a-f]+$`)

// newTrigger makes a trigger_id. Callers hold s.lock.
func (s *Server) newTrigger(user string) string {
	id := randomDigits(13) + "." + randomDigits(12) + "." + randomHex(16)
	s.triggers[id] = &viewTrigger{user: user, expires: s.cfg.Now().Add(triggerLife)}
	return id
}

// redeemTrigger uses a trigger_id up and returns its user.
func (s *Server) redeemTrigger(id string) (user string, err error) {
	t := s.triggers[id]
	switch {
	case t == nil || !triggerPattern.MatchString(id):
		return "", apiError("invalid_trigger_id")
	case t.used:
		return "", apiError("exchanged_trigger_id")
	case !s.cfg.Now().Before(t.expires):
		return "", apiError("expired_trigger_id")
	}
	t.used = true
	return t.user, nil
}

var (
	modalShape = objectShape{
		"title": need(plainText(24)), "blocks": need(anyValue),
		"submit": may(plainText(24)), "close": may(plainText(24)),
		"private_metadata": may(stringOf(0, 3000)), "callback_id": may(stringOf(0, 255)),
		"external_id": may(stringOf(0, 255)), "clear_on_close": may(isBoolean),
		"notify_on_close": may(isBoolean), "submit_disabled": may(isBoolean),
	}
	homeShape = objectShape{
		"blocks": need(anyValue), "private_metadata": may(stringOf(0, 3000)), "callback_id": may(stringOf(0, 255)),
		"external_id": may(stringOf(0, 255)),
	}
)

// parseView parses and checks a view argument of one type.
func (s *Server) parseView(raw, kind string) (*View, error) {
	if len(raw) > maxView {
		return nil, apiError("view_too_large")
	}
	var fields jsonObject
	if err := json.Unmarshal([]byte(raw), &fields); err != nil || fields == nil {
		return nil, invalidError("invalid_arguments", "[ERROR] must provide an object [json-pointer:/view]")
	}
	shape, rules := modalShape, modalSurface
	if kind == "home" {
		shape, rules = homeShape, homeSurface
	}
	if fields["type"] != kind {
		return nil, invalidError("invalid_arguments", "[ERROR] must be a valid enum value [json-pointer:/view/type]")
	}
	problems := shape.findProblems(fields, "/view")
	blocks, ok := fields["blocks"].([]any)
	if !ok {
		problems = append(problems, complainAt("/view/blocks", "must provide an array")...)
	}
	problems = append(problems, blockProblems(blocks, rules, "/view/blocks")...)
	if kind == "modal" && fields["submit"] == nil && slices.ContainsFunc(blocks, isInput) {
		problems = append(problems, complainAt("/view", "missing required field: submit")...)
	}
	if len(problems) > 0 {
		return nil, invalidError("invalid_arguments", problems...)
	}
	return newView(fields, blocks), nil
}

func newView(fields jsonObject, blocks []any) *View {
	v := &View{ID: newID("V"), fields: fields, Hash: randomDigits(10) + "." + randomHex(4)}
	for _, block := range blocks {
		if shape := block.(map[string]any); shape["block_id"] == nil {
			shape["block_id"] = randomHex(3)
		}
	}
	v.Blocks, _ = json.Marshal(blocks)
	v.Type, _ = fields["type"].(string)
	v.CallbackID, _ = fields["callback_id"].(string)
	v.PrivateMetadata, _ = fields["private_metadata"].(string)
	v.root = v.ID
	return v
}

// renderView is the JSON of a view.
func (s *Server) renderView(v *View) jsonObject {
	out := jsonObject{
		"callback_id": "", "private_metadata": "", "external_id": "", "clear_on_close": false, "notify_on_close": false,
	}
	maps.Copy(out, v.fields)
	maps.Copy(out, jsonObject{
		"id": v.ID, "team_id": s.ids.team, "app_id": s.ids.app, "bot_id": s.ids.bot, "hash": v.Hash,
		"root_view_id": v.root, "state": jsonObject{"values": jsonObject{}}, "app_installed_team_id": s.ids.team,
	})
	return out
}

// keepView shows a view to a person. Callers hold s.lock.
func (s *Server) keepView(v *View, user, what string) {
	v.User = user
	s.views = append(s.views, v)
	s.addEntry(Entry{Kind: EntryView, Type: what, User: user, Detail: v.ID})
}

// openView is views.open.
func (s *Server) openView(call *apiCall) (jsonObject, error) {
	v, err := s.parseView(call.args["view"], "modal")
	if err != nil {
		return nil, err
	}
	user, err := s.redeemTrigger(call.args["trigger_id"])
	if err != nil {
		return nil, err
	}
	s.keepView(v, user, "opened")
	return jsonObject{"view": s.renderView(v)}, nil
}

// publishView is views.publish.
func (s *Server) publishView(call *apiCall) (jsonObject, error) {
	user := s.localID(call.args["user_id"])
	if s.users[user] == nil {
		return nil, invalidError("invalid_arguments", "[ERROR] invalid `user_id`")
	}
	v, err := s.parseView(call.args["view"], "home")
	if err != nil {
		return nil, err
	}
	if old := s.findHome(user); old != nil {
		if hash := call.args["hash"]; hash != "" && hash != old.Hash {
			return nil, apiError("hash_conflict")
		}
		old.Closed = true
		v.ID, v.root = old.ID, old.root
	}
	s.keepView(v, user, "published")
	return jsonObject{"view": s.renderView(v)}, nil
}

// updateView is views.update.
func (s *Server) updateView(call *apiCall) (jsonObject, error) {
	if call.args["view_id"] == "" && call.args["external_id"] == "" {
		return nil, invalidError("invalid_arguments", "[ERROR] either `view_id` or `external_id` is required")
	}
	old := s.findView(call.args["view_id"], call.args["external_id"])
	if old == nil {
		return nil, apiError("not_found")
	}
	if hash := call.args["hash"]; hash != "" && hash != old.Hash {
		return nil, apiError("hash_conflict")
	}
	v, err := s.parseView(call.args["view"], old.Type)
	if err != nil {
		return nil, err
	}
	s.replaceView(old, v)
	return jsonObject{"view": s.renderView(v)}, nil
}

// replaceView puts a view in the place of another, under the same id.
func (s *Server) replaceView(old, v *View) {
	v.ID, v.root, v.User, v.offered = old.ID, old.root, old.User, old.offered
	s.views[slices.Index(s.views, old)] = v
	s.addEntry(Entry{Kind: EntryView, Type: "updated", User: v.User, Detail: v.ID})
}

// findView finds an open view by its id or its external id.
func (s *Server) findView(id, external string) *View {
	for _, v := range slices.Backward(s.views) {
		if !v.Closed && (v.ID == id || (external != "" && v.fields["external_id"] == external)) {
			return v
		}
	}
	return nil
}

func (s *Server) findHome(user string) *View {
	for _, v := range s.views {
		if v.User == user && v.Type == "home" && !v.Closed {
			return v
		}
	}
	return nil
}

// Views are a person's open modals, the topmost last.
func (s *Server) Views(user string) []View {
	s.lock.Lock()
	defer s.lock.Unlock()
	var open []View
	for _, v := range s.views {
		if v.User == user && v.Type == "modal" && !v.Closed {
			open = append(open, *v)
		}
	}
	return open
}

// Home is the app's Home tab as a person sees it.
func (s *Server) Home(user string) (View, bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if v := s.findHome(user); v != nil {
		return *v, true
	}
	return View{}, false
}

// OpenHome makes a person click on the app's Home tab.
func (s *Server) OpenHome(user string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	if u := s.users[user]; u == nil || u.Deleted || u.Bot {
		return fmt.Errorf("fakeslack: %w: %s", apiError("user_not_found"), user)
	}
	event := map[string]any{
		"type": "app_home_opened", "user": s.shownID(SurfaceEvents, user), "channel": directChannelID(user), "tab": "home",
	}
	if v := s.findHome(user); v != nil {
		event["view"] = s.renderView(v)
	}
	s.emitInScope(event, nil)
	return nil
}

// CloseView makes a person close a modal. It tells the app if the app asked for
// it, and returns before the ack.
func (s *Server) CloseView(user, viewID string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	v := s.findView(viewID, "")
	if v == nil || v.User != user || v.Type != "modal" {
		return apiError("not_found")
	}
	v.Closed = true
	s.addEntry(Entry{Kind: EntryView, Type: "closed", User: user, Detail: v.ID})
	if v.fields["notify_on_close"] == true {
		payload := s.interactionPayload("view_closed", user)
		payload["view"], payload["is_cleared"] = s.renderView(v), false
		s.sendEnvelope("interactive", payload, 0, s.copies)
	}
	return nil
}

// interactionPayload is what the payloads of all interactive envelopes share.
func (s *Server) interactionPayload(kind, user string) map[string]any {
	name := strings.ToLower(s.users[user].Name)
	return map[string]any{
		"type": kind, "token": s.ids.verification, "api_app_id": s.ids.app,
		"enterprise": idObject(s.origin().EnterpriseID), "is_enterprise_install": s.origin().OrgInstall,
		"team": idObject(s.origin().TeamID),
		"user": map[string]any{
			"id": s.shownID(SurfaceInteracts, user), "username": name, "name": name, "team_id": s.users[user].TeamID,
		},
	}
}
