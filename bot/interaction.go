package bot

import (
	"encoding/json"
	"errors"
	"fmt"
)

// An interaction is what the bot reads of an interactive payload, whatever its
// type: shortcut, block_suggestion, block_actions, view_submission, view_closed.
type interaction struct {
	Type       string   `json:"type"`
	User       userRef  `json:"user"`
	TriggerID  string   `json:"trigger_id"`
	CallbackID string   `json:"callback_id"` // of a shortcut
	ActionID   string   `json:"action_id"`   // of a block_suggestion
	Value      string   `json:"value"`       // of a block_suggestion: what is typed
	Actions    []action `json:"actions"`
	View       view     `json:"view"`
}

type userRef struct {
	ID string `json:"id"`
}

type action struct {
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
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
	Date     string   `json:"selected_date"`
	Selected choice   `json:"selected_option"`
	Several  []choice `json:"selected_options"`
}

type choice struct {
	Value string `json:"value"`
}

// decodeInteraction reads an interactive payload. As with envelopes, a field
// of another type than it should be costs only itself.
func decodeInteraction(payload []byte) (interaction, error) {
	var x interaction
	var mistyped *json.UnmarshalTypeError
	if err := json.Unmarshal(payload, &x); err != nil && !errors.As(err, &mistyped) {
		return interaction{}, fmt.Errorf("decode interaction: %w", err)
	}
	if x.Type == "" || x.User.ID == "" {
		return interaction{}, errors.New("decode interaction: no type or no user in it")
	}
	return x, nil
}

// field is what was put into the field of this name, whose block and action
// are both called so.
func (v view) inputOf(name string) input { return v.State.Values[name][name] }
