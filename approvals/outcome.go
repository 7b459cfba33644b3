package approvals

// missLimit is how many answers that are not what was asked end a write.
const MismatchLimit = 3

// incomplete tells truthfully what UiPath's rule lacks in spite of its yes.
func Incomplete(remaining Change, rule Allocation) Outcome {
	return Outcome{
		Reason:         ReasonIncomplete,
		ConcernedCodes: remaining.AllCodes(),
		Allocation:     rule.Codes,
	}
}
