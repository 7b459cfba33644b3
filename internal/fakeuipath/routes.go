package fakeuipath

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"licensebot/internal/fault"
)

type apiRoute struct {
	method    string
	segments  []string // of the path; "{name}" takes any segment
	operation string
	scope     string // that a call needs; "" for the token routes
	handle    func(*exchange)
}

// routeTable lists the routes. It replaces net/http's ServeMux, which redirects
// doubled slashes where UiPath refuses them.
func (u *Server) routeTable() []apiRoute {
	const (
		license = "/{org}/lease_/api/account/{accountId}/user-license"
		group   = license + "/group/{groupId}"
		groups  = "/{org}/identity_/api/Group/{partitionGlobalId}"
	)
	var routes []apiRoute
	add := func(method, pattern, operation, scope string, handle func(*exchange)) {
		fixed := strings.NewReplacer("{org}", u.cfg.Organization, "{tenant}", u.tenantID).Replace(pattern)
		routes = append(routes, apiRoute{method, strings.Split(fixed, "/"), operation, scope, handle})
	}
	for _, host := range []string{"", "/{org}"} {
		add("POST", host+"/identity_/connect/token", opToken, "", (*exchange).serveToken)
	}
	for _, path := range []string{
		"/{org}/{tenant}/api/account/authenticate",
		"/{org}/{tenant}/orchestrator_/api/Account/Authenticate",
		"/api/account/authenticate",
	} {
		add("POST", path, opAuthenticate, "", (*exchange).serveAuthenticate)
	}

	add("GET", license, "GET account", scopeLicenseRead, (*exchange).getAccount)
	add("POST", license+"/group", "POST groups", scopeLicenseWrite, (*exchange).postGroups)
	add("GET", group, "GET group", scopeLicenseRead, (*exchange).getGroup)
	add("PUT", group, "PUT group", scopeLicenseWrite, (*exchange).putGroup)
	add("GET", group+"/bulk-users", "GET bulk-users", scopeLicenseRead, (*exchange).getHolders)
	add("GET", groups, "GET identity groups", scopeGroupRead, (*exchange).getIdentityGroups)
	add("GET", groups+"/{groupId}", "GET identity group", scopeGroupRead, (*exchange).getIdentityGroup)

	add("GET", "/{org}/orgaudit_/api/query/events", "GET audit events", ScopeAudit, (*exchange).getAuditEvents)

	quota := func(method, pattern, operation, scope string, handle func(*exchange)) {
		add(method, pattern, operation, scope, func(x *exchange) {
			if x.u.noQuotas {
				x.answerNoRoute(nil)
				return
			}
			handle(x)
		})
	}
	quota("GET", group+"/with-quota", "GET group with-quota", scopeLicenseRead, (*exchange).getGroupWithQuota)
	quota("PUT", group+"/with-quota", "PUT group with-quota", scopeLicenseWrite, (*exchange).putGroupWithQuota)
	quota("GET", license+"/groups/with-quota", "GET groups with-quota", scopeLicenseRead, (*exchange).getGroupsWithQuota)
	return routes
}

// matchPath compares a path with the route and returns the named segments. It
// decodes the segments one by one, so an id may contain %2F.
func (route apiRoute) matchPath(path string) (map[string]string, bool) {
	segments := strings.Split(path, "/")
	if len(segments) != len(route.segments) {
		return nil, false
	}
	params := make(map[string]string)
	for i, want := range route.segments {
		got, err := url.PathUnescape(segments[i])
		switch {
		case err != nil:
			return nil, false
		case strings.HasPrefix(want, "{") && got != "":
			params[strings.Trim(want, "{}")] = got
		case got != want:
			return nil, false
		}
	}
	return params, true
}

// findRoute returns the route of a request, or the methods that its path
// allows.
func (u *Server) findRoute(r *http.Request) (apiRoute, map[string]string, []string) {
	var allowed []string
	for _, route := range u.routes {
		params, ok := route.matchPath(r.URL.EscapedPath())
		if ok && route.method == r.Method {
			return route, params, nil
		}
		if ok {
			allowed = append(allowed, route.method)
		}
	}
	return apiRoute{operation: opUnknown}, nil, allowed
}

// handleRequest takes every request through route, body, fault, effect, journal
// and answer.
func (u *Server) handleRequest(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	route, params, allowed := u.findRoute(r)
	if route.handle == nil {
		route.handle = func(x *exchange) { x.answerNoRoute(allowed) }
	}
	body, readErr := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	call := &Call{At: u.cfg.Now(), Operation: route.operation, Method: r.Method, Path: r.URL.EscapedPath(),
		Query: r.URL.RawQuery, Body: recordedBody(route.operation, body)}
	answer := &bufferedAnswer{header: make(http.Header)}
	u.beginCall(call)
	ended := false
	defer func() {
		u.runAfter(call.Operation)
		if ended {
			call.Status = answer.status
		}
		call.Dur = time.Since(start)
		u.endCall(call, answer.body)
		if ended {
			w.Header().Set("Date", u.date())
			answer.sendTo(w)
		}
	}()
	u.serveOrHarm(answer, r, call, func(w http.ResponseWriter, r *http.Request) {
		u.newExchange(w, r, call, body, params).serveRoute(route, readErr)
	}, body, params)
	ended = true
}

// date is what the Date header tells.
func (u *Server) date() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return time.Now().Add(u.ahead).UTC().Format(http.TimeFormat)
}

func (u *Server) newExchange(
	w http.ResponseWriter, r *http.Request, call *Call, body []byte, params map[string]string,
) *exchange {
	return &exchange{u: u, w: w, r: r, now: u.cfg.Now(), body: body, params: params, call: call}
}

func (u *Server) serveOrHarm(
	w http.ResponseWriter, r *http.Request, call *Call, effect http.HandlerFunc, body []byte, params map[string]string,
) {
	planned, faulted := u.Take(call.Operation)
	if !faulted {
		effect(w, r)
		return
	}
	call.Faulted = true
	if planned.Echo {
		planned = echoSent(w, planned, r, body)
	}
	planned.Serve(w, r, effect, func(w http.ResponseWriter, planned fault.Fault) {
		if planned.Codes != "" {
			u.newExchange(w, r, call, body, params).answerOtherCodes(planned.Codes)
			return
		}
		refuseByFault(w, call.Operation, planned)
	})
}

// echoSent puts what a caller sent, credentials included, into all parts of the
// answer that a careless server might repeat it in.
func echoSent(w http.ResponseWriter, planned fault.Fault, r *http.Request, body []byte) fault.Fault {
	sent := strings.TrimSpace(r.Header.Get("Authorization") + " " + string(body))
	if decoded, err := url.QueryUnescape(sent); err == nil {
		sent += " " + decoded
	}
	line := strings.Map(func(c rune) rune {
		if c < ' ' {
			return ' '
		}
		return c
	}, sent)
	w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer error=%q, error_description=%q, scope=%q", line, line, line))
	w.Header().Set("X-Sent", line)
	planned.Error = sent
	planned.Body = strings.ReplaceAll(planned.Body, "{sent}", sent)
	if planned.Location != "" {
		planned.Location += "/" + url.PathEscape(sent)
	}
	return planned
}

// refuseByFault answers a fault in the error format of the operation.
func refuseByFault(w http.ResponseWriter, operation string, planned fault.Fault) {
	if planned.Status == 0 {
		planned.Status = http.StatusInternalServerError
	}
	if planned.Error == "" {
		planned.Error = http.StatusText(planned.Status)
	}
	if planned.RetryAfter != "" {
		w.Header().Set("Retry-After", planned.RetryAfter)
	}
	answer := map[string]string{"message": planned.Error}
	if operation == opToken {
		answer = map[string]string{"error": planned.Error}
	}
	if operation == opToken && planned.Echo {
		answer["error_description"] = planned.Error
	}
	writeJSON(w, planned.Status, answer)
}

func (x *exchange) serveRoute(route apiRoute, readErr error) {
	x.u.mu.Lock()
	defer x.u.mu.Unlock()
	switch {
	case readErr != nil:
		x.answerError(http.StatusRequestEntityTooLarge, "The request body could not be read.")
	case route.scope == "" || x.checkToken(route.scope):
		route.handle(x)
	}
}

// answerNoRoute answers a request without a route. Host-level identity calls
// get the answer of newer cloud organizations. A wrong method gets the answer
// of ASP.NET's API versioning.
func (x *exchange) answerNoRoute(allowed []string) {
	path := x.r.URL.EscapedPath()
	switch {
	case strings.HasPrefix(path, "/identity_/api/"):
		x.answerCodedError(http.StatusBadRequest, "InvalidPartition", "The partition of the request is not valid.")
	case len(allowed) > 0:
		x.w.Header().Set("Allow", strings.Join(allowed, ", "))
		x.answerCodedError(http.StatusMethodNotAllowed, "UnsupportedApiVersion", fmt.Sprintf(
			"The HTTP resource that matches the request URI '%s' does not support HTTP method '%s'.", path, x.r.Method))
	default:
		x.answerError(http.StatusNotFound, "Nothing is served at '%s'.", path)
	}
}
