package licensing

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"licensebot/approvals"
	"licensebot/internal/groupname"
)

// TokenClaims is what a token tells of itself. It is for people who look for a
// mistake: nothing is verified, and UiPath alone decides what a token may do.
type TokenClaims struct {
	Scopes    []string // sorted
	HasScopes bool     // the token, or the answer that it came in, names its scopes
	Partition string   // the id of the organization; "" if the token does not name it
}

// Allows reports whether the scopes include one, which PM.License does for
// PM.License.Read.
func (c TokenClaims) Allows(scope string) bool {
	whole := scope[:max(0, strings.LastIndex(scope, "."))]
	return slices.Contains(c.Scopes, scope) || slices.Contains(c.Scopes, whole)
}

// SignIn gets a token and returns what it tells of itself.
func (a *Allocations) SignIn(ctx context.Context) (TokenClaims, error) {
	token, err := a.client.currentToken(ctx)
	if err != nil {
		return TokenClaims{}, a.client.toApprovalsError(err)
	}
	return readClaims(token), nil
}

// readClaims reads a token in the shape of a JWT, and the scopes that the token
// endpoint named beside it.
func readClaims(token *oauth2.Token) TokenClaims {
	var payload struct {
		Scope     json.RawMessage `json:"scope"`
		Partition string          `json:"prt_id"`
	}
	if parts := strings.Split(token.AccessToken, "."); len(parts) == 3 {
		if decoded, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(decoded, &payload) // another shape tells nothing
		}
	}
	scopes := decodeScopes(payload.Scope)
	if len(scopes) == 0 {
		answered, _ := token.Extra("scope").(string)
		scopes = strings.Fields(answered)
	}
	slices.Sort(scopes)
	return TokenClaims{Scopes: slices.Compact(scopes), HasScopes: len(scopes) > 0, Partition: payload.Partition}
}

// decodeScopes takes a list, or one text with blanks in it.
func decodeScopes(raw json.RawMessage) []string {
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var text string
	_ = json.Unmarshal(raw, &text) // neither: no scopes
	return strings.Fields(text)
}

// A Survey is what the bot's account may read of its organization.
type Survey struct {
	Groups []approvals.Group // of both lists, each once
	// IdentityErr and AllocationsErr are why that list could not be read; see
	// [GroupLists]. The second one has seat limits.
	IdentityErr, AllocationsErr error

	Owned    []approvals.Seats
	OwnedErr error
}

// Survey reads the lists that requests rest on. It changes nothing.
func (a *Allocations) Survey(ctx context.Context) Survey {
	var s Survey
	lists := a.client.ReadGroupLists(ctx)
	for _, g := range lists.Groups {
		s.Groups = append(s.Groups, groupname.Group(g.ID, g.Name))
	}
	s.IdentityErr = a.client.toApprovalsError(lists.IdentityErr)
	s.AllocationsErr = a.client.toApprovalsError(lists.AllocationsErr)
	s.Owned, s.OwnedErr = a.Owned(ctx)
	return s
}
