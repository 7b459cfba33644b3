// Package mutant tries the chaos suite itself: it puts a known defect into a
// copy of its sources, and plays rounds until the judge notices.
//
// Each defect is a file testdata/NAME.patch: a header and a unified diff.
//
//	# name: one approval is enough
//	# breaks: a quorum agrees
//	# shows: a write without consent
//	--- a/approvals/stages.go
//	+++ b/approvals/stages.go
//	@@ -12 +12 @@
//	-func (s Stage) needs() int { return max(1, s.Quorum) }
//	+func (s Stage) needs() int { return min(1, s.Quorum) }
//
// breaks names the promise. shows names a rule of the judge that may catch the
// defect. It may be repeated. store and replicas say where it shows; the
// defaults are sqlite and 1. focus names actions of the suite that happen more often.
// Where no action of the suite shows a defect, the header names a test of the program
// in place of all these, and that has to fail:
//
//	# test: cmd/licensebot TestChannelGetsAnotherID
//
// A patch applies by its text and ignores line numbers: the lines of each hunk have
// to be in the file exactly once. Few lines are best, because a renamed source
// breaks each patch with a quote of it. A hunk needs a line of context only if it
// just adds lines, or if its own lines stand in the file more than once. To refresh
// a patch after its source changed, make the defect in the working tree and keep
// the header (-U1 instead of -U0 adds a line of context):
//
//	cd internal/chaos/mutant/testdata
//	{ grep '^# ' NAME.patch; git diff -U0 --no-prefix --src-prefix=a/ --dst-prefix=b/ -- :/; } > /tmp/new
//	git checkout -- :/approvals :/bot :/licensing :/internal/store && mv /tmp/new NAME.patch
//
// [Mutant.Check] tells the first line of difference.
package mutant
