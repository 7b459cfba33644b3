package worker_test

// The people of these tests.
const (
	requester = "U-REQUESTER"
	anna      = "U-ANNA" // an approver
	ben       = "U-BEN"  // an approver
	cleo      = "U-CLEO" // an approver
	bystander = "U-BYSTANDER"
)
