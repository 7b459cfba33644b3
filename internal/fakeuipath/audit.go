package fakeuipath

import (
	"net/http"
	"strings"
	"time"
)

// ScopeAudit is the scope that the audit log needs. The external application lacks it by
// default.
const ScopeAudit = "PM.Audit.Read"

// PortalAdmin is who changes allocations in the portal, as the audit log tells.
const PortalAdmin = "admin@example.com"

// auditEvent is an entry of the audit log. No page shows the names of its fields.
type auditEvent struct {
	CreatedOn    time.Time      `json:"createdOn"`
	ActorEmail   string         `json:"actorEmail"`
	EventSource  string         `json:"eventSource"`
	EventType    string         `json:"eventType"`
	EventDetails map[string]any `json:"eventDetails"`
}

// HideAudit keeps what happens at the license service out of the audit log: only services
// that joined it are in it.
func (u *Server) HideAudit(on bool) {
	u.changeState(func() { u.noAudit = on })
}

// getAuditEvents lists the changes of allocations within a time (docs.uipath.com,
// get-audit-logs).
func (x *exchange) getAuditEvents() {
	query := x.r.URL.Query()
	from, fromErr := time.Parse(time.RFC3339, query.Get("from"))
	to, toErr := time.Parse(time.RFC3339, query.Get("to"))
	if fromErr != nil || toErr != nil {
		x.answerError(http.StatusBadRequest, "from and to must be times")
		return
	}
	events := []auditEvent{}
	for _, call := range x.u.calls {
		if !call.Changed || x.u.noAudit || call.TookAt.Before(from) || call.TookAt.After(to) {
			continue
		}
		actor := x.u.clientID
		if call.Operation == OperationPortal {
			actor = PortalAdmin
		}
		id := strings.TrimSuffix(call.Path, "/with-quota")
		events = append(events, auditEvent{
			CreatedOn: call.TookAt.UTC(), ActorEmail: actor, EventSource: "Licensing", EventType: "Group allocation updated",
			EventDetails: map[string]any{"groupId": id[strings.LastIndex(id, "/")+1:]},
		})
	}
	x.answerJSON(http.StatusOK, map[string]any{"results": events})
}
