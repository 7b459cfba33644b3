// Package licensing is a client for the part of UiPath Automation Cloud (and
// Automation Suite) that decides which user licenses a group may lease: the
// License Accountant, reached under lease_.
//
// # A group's rule
//
// A group has one rule: the set of user bundle codes its members may lease, a
// flag for licenses managed elsewhere, and, where the organization uses them,
// a quota per code. [Client.Rule] reads it and [Client.SetRule] replaces it.
//
//	rule, err := client.Rule(ctx, groupID)
//	...
//	rule.Codes = licensing.Union(rule.Codes, []string{"RPADEVPRONU", "IDU"})
//	answer, err := client.SetRule(ctx, groupID, rule)
//	...
//	missing := licensing.Missing(rule.Codes, answer.Codes)
//
// UiPath's pages disagree with one another about this endpoint. What this
// package holds to, with the page under docs.uipath.com it rests on:
//
//   - The verb is PUT. The page allocate-licenses-to-a-group says so in its
//     heading; the POST in its sample call is another operation, which reads.
//   - PUT replaces. Codes that are left out are taken from the group, so
//     adding one means to read, unite, write and compare. The API pages do not
//     say this; UiPath's notes for its own command line do.
//   - The request carries no quantities, whatever its introduction says. Those
//     belong to the tenant endpoint (allocate-licenses-to-a-tenant).
//   - A rule takes no seat. Members take seats when they sign in, first come,
//     first served (license-management-options). So a confirmed rule does not
//     mean that anybody holds a license, and the 409 for more than was bought,
//     gone from the newer pages, is handled but not expected.
//   - useExternalLicense is missing from the documented request and present in
//     its example. A write that omits it may reset it, so it is always sent,
//     as it was read.
//   - Quotas live behind with-quota (get-group-license-allocation-with-quota,
//     allocate-licenses-to-a-group-with-quota). Whether a plain PUT drops them
//     is not documented, hence a rule that has quotas is written through
//     with-quota, and a rule whose quotas may not be read is not reported.
//   - A code that UiPath does not know may be dropped from a 200. The answer
//     is therefore returned as it came, for the caller to compare.
//   - accountId is the organization's id, a GUID, also called
//     partitionGlobalId (retrieving-partitionglobalid-for-api-use); neither a
//     tenant's id nor the access token, as samples have it.
//   - There is no version or ETag: of two writers the last one wins. Callers
//     serialize their writes to one group.
//
// # Tokens
//
// [ClientCredentials] is what UiPath recommends for automation
// (getting-started-with-external-apis). [PasswordGrant] and [Authenticate] are
// the two things that "ROPC" may mean, and [Static] holds a personal access
// token. Any other [golang.org/x/oauth2.TokenSource] will do as well.
//
// # Errors
//
// Every failure is an [*Error] (or a [*GroupError], where a group could not be
// told): its status, what UiPath said, whether trying again can help and after
// how long, and whether a write may have taken effect nevertheless. The client
// itself never tries again, but for one fresh token after a 401, so that a
// caller with durable retries sees every failure.
//
// # Codes
//
// [Name] and [Nearest] put names to codes. The catalogue behind them is for
// people to read; what an organization owns is known only to UiPath
// ([Rule.Available], [Client.Owned]).
package licensing
