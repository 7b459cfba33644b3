package checkup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"licensebot/approvals"
	"licensebot/licensing"
)

// uipathVariables are those that the sign-in and the calls rest on.
var uipathVariables = []string{
	"UIPATH_URL", "UIPATH_ORGANIZATION", "UIPATH_ACCOUNT_ID", "UIPATH_AUTH", "UIPATH_CLIENT_ID", "UIPATH_CLIENT_SECRET",
	"UIPATH_USERNAME", "UIPATH_PASSWORD", "UIPATH_TENANT", "UIPATH_ACCESS_TOKEN", "UIPATH_TOKEN_URL", "UIPATH_SCOPES",
	"LICENSEBOT_ALLOW_HTTP",
}

// uipathChecks rest on a token.
var uipathChecks = []string{
	CheckUiPathScopes, CheckAccount, CheckOwned, CheckGroups, CheckQuotas, CheckPolicyGroups, CheckPolicyCodes,
}

// checkUiPath asks UiPath everything that the bot needs there.
func (s Subject) checkUiPath(ctx context.Context, f *findings) {
	if because, faulty := s.isFaulty(uipathVariables...); faulty || s.UiPath == nil {
		f.skipAll(because, slices.Concat([]string{CheckSignIn}, uipathChecks, []string{CheckUiPathClock})...)
		return
	}
	defer s.checkUiPathClock(f)
	claims, err := s.UiPath.SignIn(ctx)
	if err != nil {
		f.add(CheckSignIn, explainUiPath(err))
		f.skipAll("not checked, because of "+CheckSignIn, uipathChecks...)
		return
	}
	survey := s.UiPath.Survey(ctx)
	if err := refusedToken(survey); err != nil {
		f.add(CheckSignIn, explainUiPath(err))
		f.skipAll("not checked, because of "+CheckSignIn, uipathChecks...)
		return
	}
	if s.StaticToken {
		f.ok(CheckSignIn, "UiPath takes the token")
	} else {
		f.ok(CheckSignIn, "UiPath gives the bot a token")
	}
	s.checkUiPathScopes(f, claims, survey)
	if !s.checkAccount(f, claims, survey) {
		f.skipAll("not checked, because of "+CheckAccount, uipathChecks[2:]...)
		return
	}
	s.checkOwned(f, survey)
	s.checkGroups(f, survey)
	s.checkQuotas(f, survey)
	s.checkPolicyNames(ctx, f, survey)
}

// checkUiPathClock judges the clock by the answers to the other checks.
func (s Subject) checkUiPathClock(f *findings) {
	if !s.UiPathClock.hasAnswer() {
		f.skip(CheckUiPathClock, "not checked, because of "+CheckSignIn)
		return
	}
	ahead, known := s.UiPathClock.read()
	f.addClock(CheckUiPathClock, "UiPath", ahead, known)
}

// refusedToken returns an error if no call goes through for one and the same reason,
// which is then the token's or the address's.
func refusedToken(survey licensing.Survey) error {
	all := []error{survey.OwnedErr, survey.IdentityErr, survey.AllocationsErr}
	if slices.Contains(all, nil) {
		return nil
	}
	first, _ := approvals.NeedsOperator(survey.OwnedErr)
	isRefused := first != nil && first.Code == "401" || isUnreachable(approvals.DelayReason(survey.OwnedErr))
	for _, err := range all {
		isRefused = isRefused && approvals.DelayReason(err) == approvals.DelayReason(survey.OwnedErr)
	}
	if !isRefused {
		return nil
	}
	return survey.OwnedErr
}

// The scopes that the bot needs at UiPath, with what each is for.
const (
	scopeLicenseRead  = "PM.License.Read"
	scopeLicenseWrite = "PM.License.Write"
	scopeGroupRead    = "PM.Group.Read"
)

// checkUiPathScopes checks scope by scope: by what the token tells, or else by what was
// read. Only a write could prove the right to write.
func (s Subject) checkUiPathScopes(f *findings, claims licensing.TokenClaims, survey licensing.Survey) {
	readings := map[string]error{scopeLicenseRead: survey.OwnedErr, scopeGroupRead: survey.IdentityErr}
	const grant = "grant it to the external application as an application scope, and name it in UIPATH_SCOPES"
	for _, scope := range []string{scopeLicenseRead, scopeLicenseWrite, scopeGroupRead} {
		err, isRead := readings[scope]
		switch {
		case claims.HasScopes && claims.Allows(scope):
			f.ok(CheckUiPathScopes, scope)
		case scope == scopeGroupRead && s.leavesOut(scope):
			f.ok(CheckUiPathScopes, scope+" is left out of UIPATH_SCOPES: people name groups by their id")
		case claims.HasScopes:
			f.problem(CheckUiPathScopes, "the token lacks "+scope, grant)
		case isRead && err == nil:
			f.ok(CheckUiPathScopes, scope+": the bot can read what it opens")
		case isRead && isForbidden(err):
			f.problem(CheckUiPathScopes, "UiPath does not let the bot read what "+scope+" opens", grant)
		default:
			f.skip(CheckUiPathScopes, scope+" is not checked, because the token does not name its scopes")
		}
	}
}

// leavesOut reports whether the configuration asks for scopes, and not for this one.
func (s Subject) leavesOut(scope string) bool {
	whole := scope[:strings.LastIndex(scope, ".")]
	return !s.StaticToken && len(s.Scopes) > 0 && !slices.Contains(s.Scopes, scope) && !slices.Contains(s.Scopes, whole)
}

// isForbidden reports whether UiPath refuses a read for lack of rights.
func isForbidden(err error) bool {
	fault, ok := approvals.NeedsOperator(err)
	return ok && (fault.Code == "403" || fault.Code == "401")
}

// checkAccount wants the id of the organization that the token is for.
func (s Subject) checkAccount(f *findings, claims licensing.TokenClaims, survey licensing.Survey) bool {
	const do = "set UIPATH_ACCOUNT_ID to the organization's id, which is not a tenant's"
	if claims.Partition != "" && !strings.EqualFold(claims.Partition, s.AccountID) {
		f.problem(CheckAccount,
			"the token is for the organization "+claims.Partition+", and UIPATH_ACCOUNT_ID is "+s.AccountID, do)
		return false
	}
	for _, err := range []error{survey.OwnedErr, survey.AllocationsErr, survey.IdentityErr} {
		if refusal, ok := errors.AsType[*approvals.RefusedError](err); ok && refusal.Variable != "" {
			f.add(CheckAccount, explainUiPath(err))
			return false
		}
	}
	if survey.OwnedErr != nil && survey.IdentityErr != nil && survey.AllocationsErr != nil {
		f.skip(CheckAccount, "not checked, because UiPath shows nothing of the organization")
		return true
	}
	f.ok(CheckAccount, "UiPath knows the organization")
	return true
}

func (s Subject) checkOwned(f *findings, survey licensing.Survey) {
	switch {
	case isForbidden(survey.OwnedErr) && f.lacks(CheckUiPathScopes):
		f.skip(CheckOwned, "not checked, because of "+CheckUiPathScopes)
	case survey.OwnedErr != nil:
		f.add(CheckOwned, explainUiPath(survey.OwnedErr))
	case len(survey.Owned) == 0:
		f.problem(CheckOwned, "the organization owns no user license",
			"check UIPATH_ACCOUNT_ID, and that user license management is on")
	default:
		f.ok(CheckOwned, "the organization owns "+and(ownedCodes(survey)))
	}
}

func ownedCodes(survey licensing.Survey) []string {
	var codes []string
	for _, seats := range survey.Owned {
		codes = append(codes, seats.Code)
	}
	return codes
}

func (s Subject) checkGroups(f *findings, survey licensing.Survey) {
	switch {
	case survey.IdentityErr == nil:
		f.ok(CheckGroups, count(len(survey.Groups), "group"))
	case isForbidden(survey.IdentityErr) && s.leavesOut(scopeGroupRead):
		f.ok(CheckGroups, "the bot lists groups with an allocation alone, as UIPATH_SCOPES says")
	case isForbidden(survey.IdentityErr) && f.lacks(CheckUiPathScopes):
		f.skip(CheckGroups, "not checked, because of "+CheckUiPathScopes)
	default:
		f.add(CheckGroups, explainUiPath(survey.IdentityErr))
	}
}

func (s Subject) checkQuotas(f *findings, survey licensing.Survey) {
	switch {
	case survey.AllocationsErr == nil:
		f.ok(CheckQuotas, "UiPath shows the seat limits of groups")
	case approvals.IsNotFound(survey.AllocationsErr) && survey.OwnedErr == nil:
		f.ok(CheckQuotas, "this UiPath has no seat limits")
	case isForbidden(survey.AllocationsErr) && f.lacks(CheckUiPathScopes):
		f.skip(CheckQuotas, "not checked, because of "+CheckUiPathScopes)
	default:
		f.add(CheckQuotas, explainUiPath(survey.AllocationsErr))
	}
}

// checkPolicyNames wants the groups and codes that rules name to exist. A typo in a
// strict rule leaves its group to a milder one.
func (s Subject) checkPolicyNames(ctx context.Context, f *findings, survey licensing.Survey) {
	if because, faulty := s.policyFault(); faulty {
		f.skipAll(because, CheckPolicyGroups, CheckPolicyCodes)
		return
	}
	policy := s.Policy()
	s.checkPolicyGroups(ctx, f, policy, survey)
	s.checkPolicyCodes(f, policy, survey)
}

func (s Subject) checkPolicyGroups(
	ctx context.Context, f *findings, policy approvals.Policy, survey licensing.Survey,
) {
	isWhole := survey.IdentityErr == nil && (survey.AllocationsErr == nil || approvals.IsNotFound(survey.AllocationsErr))
	for _, u := range policy.UnmatchedGroups(survey.Groups) {
		found := fmt.Sprintf("%s names the group %q, and UiPath has none", nameRule(u.Rule), u.Text)
		do := "correct the name; a directory's group without an allocation is in no list: name it by its id"
		if u.IsID {
			do = "correct the id"
		}
		switch {
		case u.Star && isWhole:
			f.problem(CheckPolicyGroups, fmt.Sprintf("%s names the groups %q, and no group at UiPath is called so",
				nameRule(u.Rule), u.Text), "correct the pattern, or remove it")
		case u.Star || !isWhole && !u.IsID:
			f.skip(CheckPolicyGroups, fmt.Sprintf("%q of %s is not checked, because not all groups can be listed",
				u.Text, nameRule(u.Rule)))
		default:
			s.checkPolicyGroup(ctx, f, u, found, do)
		}
	}
	if !f.has(CheckPolicyGroups) {
		f.ok(CheckPolicyGroups, "every group that the policy names exists")
	}
}

// checkPolicyGroup asks about one group that no list has.
func (s Subject) checkPolicyGroup(ctx context.Context, f *findings, u approvals.Unmatched, found, do string) {
	var err error
	if u.IsID {
		_, err = s.UiPath.ReadGroup(ctx, approvals.Group{ID: u.Text})
	} else {
		_, err = s.UiPath.FindGroup(ctx, u.Text)
	}
	unknown, isUnknown := errors.AsType[*approvals.GroupError](err)
	switch {
	case err == nil:
	case isUnknown && len(unknown.Candidates) > 0:
		f.problem(CheckPolicyGroups, found, "correct the name: is "+and(unknown.Candidates[:1])+" meant?")
	case isUnknown, approvals.IsNotFound(err):
		f.problem(CheckPolicyGroups, found, do)
	default:
		failure := explainUiPath(err)
		failure.State, failure.Found = NotChecked, fmt.Sprintf("%q is not checked: %s", u.Text, failure.Found)
		f.add(CheckPolicyGroups, failure)
	}
}

func (s Subject) checkPolicyCodes(f *findings, policy approvals.Policy, survey licensing.Survey) {
	owned := ownedCodes(survey)
	for _, u := range policy.UnmatchedPackCodes(owned) {
		if survey.OwnedErr != nil {
			break // the catalog knows too few codes to say that one is wrong
		}
		do := "correct the code, or buy the license"
		if near, ok := licensing.NearestCode(u.Code, owned); ok {
			do = "correct the code: is " + near + " meant?"
		}
		f.problem(CheckPolicyCodes, fmt.Sprintf("the pack %q has the code %s, which the organization does not own, "+
			"so no group can get the pack", u.Pack.Name, u.Code), do)
	}
	for _, u := range policy.UnmatchedCodes(append(owned, licensing.CatalogCodes()...)) {
		do := "correct the code"
		if near, ok := licensing.NearestCode(u.Text, owned); ok && !u.Star {
			do += ": is " + near + " meant?"
		}
		found := fmt.Sprintf("%s names the code %s, which UiPath does not have", nameRule(u.Rule), u.Text)
		if survey.OwnedErr != nil {
			f.skip(CheckPolicyCodes, found+" in its catalog; what the organization owns cannot be read")
			continue
		}
		f.problem(CheckPolicyCodes, found, do)
	}
	if !f.has(CheckPolicyCodes) {
		f.ok(CheckPolicyCodes, "every code that the policy names exists")
	}
}
