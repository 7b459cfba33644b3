package bot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"licensebot/internal/outside"
)

// slashCommand is what the bot reads of a slash command.
type slashCommand struct {
	Command     string `json:"command"`
	Text        string `json:"text"`
	UserID      string `json:"user_id"`
	ChannelID   string `json:"channel_id"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
}

// eventCallback is what the bot reads around an event.
type eventCallback struct {
	Type  string          `json:"type"`
	Event json.RawMessage `json:"event"`
	// Shared says that people of another organization are in the event's channel.
	Shared looseBool `json:"is_ext_shared_channel"`
}

// event is what the bot reads of the events that it subscribes to.
type event struct {
	Type       string `json:"type"`
	User       string `json:"user"`
	Reaction   string `json:"reaction"`
	ItemUser   string `json:"item_user"`
	Item       item   `json:"item"`
	EventTS    string `json:"event_ts"`
	Channel    string `json:"channel"`
	SubteamID  string `json:"subteam_id"`
	SubType    string `json:"subtype"`        // of a message
	DeletedTS  string `json:"deleted_ts"`     // of a message that was deleted
	OldChannel string `json:"old_channel_id"` // of channel_id_changed
	NewChannel string `json:"new_channel_id"`
	Tab        string `json:"tab"`
	View       view   `json:"view"`
	Shared     bool   `json:"-"` // told around the event
}

// place is the channel that the event is about; empty if it is about none.
func (e event) place() string { return cmp.Or(e.Channel, e.Item.Channel) }

// isReaction reports whether the event is about an emoji on a message.
func (e event) isReaction() bool { return e.Type == "reaction_added" || e.Type == "reaction_removed" }

type item struct {
	Type    string `json:"type"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// An interaction is what the bot reads of an interaction, whatever its type:
// shortcut, block_suggestion, block_actions, view_submission or view_closed.
type interaction struct {
	Type       string   `json:"type"`
	User       userRef  `json:"user"`
	TriggerID  string   `json:"trigger_id"`
	CallbackID string   `json:"callback_id"` // of a shortcut
	ActionID   string   `json:"action_id"`   // of a block_suggestion
	Value      string   `json:"value"`       // of a block_suggestion: what is typed
	Actions    []action `json:"actions"`
	Channel    userRef  `json:"channel"` // in which a button was clicked
	View       view     `json:"view"`
}

type userRef struct {
	ID string `json:"id"`
}

type action struct {
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
	At       string `json:"action_ts"`
}

type view struct {
	Type            string    `json:"type"`
	CallbackID      string    `json:"callback_id"`
	PrivateMetadata string    `json:"private_metadata"`
	Hash            string    `json:"hash"`
	State           viewState `json:"state"`
}

type viewState struct {
	Values map[string]map[string]input `json:"values"` // by block id and action id
}

// An input is what a person put into one field.
type input struct {
	Value    string   `json:"value"`
	Selected choice   `json:"selected_option"`
	Several  []choice `json:"selected_options"`
}

type choice struct {
	Value string `json:"value"`
}

// inputOf is what was put into the field of this name. Its block and its action
// are both called so.
func (v view) inputOf(name string) input { return v.State.Values[name][name] }

func decodeSlashCommand(payload []byte) (slashCommand, error) {
	var c slashCommand
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, fmt.Errorf("decode slash command: %w", err)
	}
	if c.UserID == "" || c.Command == "" {
		return c, errors.New("decode slash command: no user or no command in it")
	}
	return c, nil
}

// decodeEvent reads an event. The fields of an event of another kind may have
// other types. Then its type is enough, because it is none of the bot's.
func decodeEvent(payload []byte) (event, error) {
	var outer eventCallback
	if err := json.Unmarshal(payload, &outer); err != nil {
		return event{}, fmt.Errorf("decode event: %w", err)
	}
	if len(outer.Event) == 0 {
		return event{}, fmt.Errorf("decode event: none inside %q", outside.OneLine(outer.Type, 60))
	}
	var e event
	if err := json.Unmarshal(outer.Event, &e); err != nil {
		var typed struct {
			Type string `json:"type"`
		}
		isRead := json.Unmarshal(outer.Event, &typed) == nil && typed.Type != ""
		if isRead && !strings.HasPrefix(typed.Type, "reaction_") {
			return event{Type: typed.Type}, nil
		}
		return event{}, fmt.Errorf("decode event: %w", err)
	}
	e.Shared = bool(outer.Shared)
	return e, nil
}

// decodeInteraction reads an interaction. A field of the wrong type is left out.
func decodeInteraction(payload []byte) (interaction, error) {
	var x interaction
	if err := json.Unmarshal(payload, &x); err != nil {
		if _, mistyped := errors.AsType[*json.UnmarshalTypeError](err); !mistyped {
			return interaction{}, fmt.Errorf("decode interaction: %w", err)
		}
	}
	if x.Type == "" || x.User.ID == "" {
		return interaction{}, errors.New("decode interaction: no type or no user in it")
	}
	return x, nil
}
