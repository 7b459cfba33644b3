// Package licensing is a client for the part of UiPath Automation Cloud (and
// Automation Suite) that decides which user licenses a group may lease: the
// License Accountant, reached under lease_.
//
// [New] makes a [Client] from a [Config] and a source of tokens. The client reads
// and writes allocations, lists groups and seats, and resolves what a person
// typed to one group. [Allocations] is the same client in the terms of package
// approvals.
//
// # A group's allocation
//
// A group has one allocation, which UiPath calls a rule: the set of user bundle
// codes that its members may lease, a flag for licenses managed elsewhere, and,
// if the organization uses them, a quota per code. [Client.ReadAllocation] reads
// it and [Client.WriteAllocation] replaces it.
//
//	allocation, err := client.ReadAllocation(ctx, groupID)
//	...
//	allocation.Codes = licensing.UnionCodes(allocation.Codes, []string{"RPADEVPRONU", "IDU"})
//	answer, err := client.WriteAllocation(ctx, groupID, allocation)
//	...
//	missing := licensing.MissingCodes(allocation.Codes, answer.Codes)
//
// UiPath's pages disagree with one another about this endpoint. What this
// package holds to, with the page under docs.uipath.com it rests on:
//
//   - The verb is PUT. The page allocate-licenses-to-a-group says so in its
//     heading; the POST in its sample call is another operation, which reads.
//   - PUT replaces. Codes that it leaves out are taken from the group, so adding
//     one means to read, unite, write and compare. UiPath's notes for its own
//     command line say this; the API pages do not.
//   - The request carries no quantities, whatever its introduction says. Those
//     belong to the tenant endpoint (allocate-licenses-to-a-tenant).
//   - An allocation takes no seat. Members take seats when they sign in, first
//     come, first served (license-management-options). So after a confirmed
//     allocation a member may still find no seat. The 409 for more than was
//     bought, gone from the newer pages, is handled but not expected.
//   - useExternalLicense is missing from the documented request and present in
//     its example. A write that omits it may reset it, so it is always sent,
//     as it was read.
//   - Quotas live behind with-quota (get-group-license-allocation-with-quota,
//     allocate-licenses-to-a-group-with-quota). Whether a plain PUT drops them
//     is not documented. Hence an allocation with quotas is written through
//     with-quota, and reading fails if its quotas may not be read.
//   - A 200 may drop a code that UiPath does not know. So the answer is returned
//     as it came, for the caller to compare.
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
// the two things that "ROPC" may mean, and [StaticToken] holds a personal access
// token. Any other [golang.org/x/oauth2.TokenSource] will do as well.
//
// # Errors
//
// Every failure is an [*Error], or a [*GroupError] if a reference does not name
// exactly one group. An Error has the status, UiPath's words, whether and when
// trying again can help, and whether a write left: only a read then tells whether
// it took effect. [Misconfigured] is what an operator has to mend. The client
// tries again only once, with a fresh token after a 401, so that a caller with
// durable retries sees every failure.
//
// # Codes
//
// [CodeName] and [NearestCode] put names to codes. The catalog behind them is for
// people to read. Only UiPath knows what an organization owns: see
// [Allocation.Available] and [Client.ListSeats].
package licensing
