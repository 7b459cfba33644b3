package slackapi

import (
	"context"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"
)

// views.publish may be called a hundred times a minute.
const (
	publishPace  = time.Minute / 100
	publishBurst = 10
)

// Views shows modals and Home tabs.
type Views struct {
	api  *slack.Client
	pace *pacer // of views.publish
}

// NewViews makes views that call Slack by a client.
func NewViews(client *Client) *Views {
	return &Views{api: client.api, pace: newPacer(rate.Every(publishPace), publishBurst)}
}

// Open opens a modal for the person who made the trigger by a click or a command.
// A used trigger is no error: its envelope came twice, and the modal is open.
func (v *Views) Open(ctx context.Context, trigger string, modal slack.ModalViewRequest) error {
	_, err := v.api.OpenViewContext(ctx, trigger, modal)
	if isAnswer(err, "exchanged_trigger_id") {
		return nil
	}
	return ClassifyError("views.open", err)
}

// Publish shows a person's Home tab, at Slack's pace, and returns its hash. With
// the hash of the tab that is shown, it replaces only that one; see
// [IsHashConflict].
func (v *Views) Publish(
	ctx context.Context, user, hash string, tab slack.HomeTabViewRequest,
) (newHash string, err error) {
	if err := v.pace.awaitTurn(ctx); err != nil {
		return hash, err
	}
	request := slack.PublishViewContextRequest{UserID: user, View: tab}
	if hash != "" {
		request.Hash = &hash
	}
	answer, err := v.api.PublishViewContext(ctx, request)
	if err != nil {
		err = ClassifyError("views.publish", err)
		v.pace.heedDelay(err)
		return hash, err
	}
	return answer.Hash, nil
}

// IsHashConflict reports whether a Home tab was not shown because its hash is
// old: another replica or a later click showed the tab meanwhile.
func IsHashConflict(err error) bool { return isAnswer(err, "hash_conflict") }
