// Package fakeuipath is a UiPath that runs here: the license service and the
// identity service of one organization.
//
// It is the test bed of licensebot and one half of its demo. It speaks only
// HTTP and shares no code with the bot, so the same bot runs against it and
// against UiPath Automation Cloud. It is strict: it refuses what UiPath would
// refuse. Where UiPath's behavior is unknown, [Config] has a switch, and its
// zero value is the behavior that hurts a careless client most.
//
// A [Server] has three sides:
//   - The bot's side is [Server.URL] with the organization, the account id and
//     the credentials that the Server invented.
//   - The administrator's side are [Server.Own], [Server.AddGroup],
//     [Server.SetAllocation] and [Server.Edit]. They change what the portal
//     would change.
//   - The test's side are [Server.Calls] and [Server.Writes] for what reached
//     UiPath, [Server.Allocation] for what a group has now, [Server.Wait] for a
//     change, and Inject (package fault) to make calls fail.
//
// A test that looks at the effect of an approved request:
//
//	uipath, err := fakeuipath.New(fakeuipath.Config{})
//	if err != nil {
//		t.Fatal(err)
//	}
//	defer uipath.Close()
//	uipath.Own("IDU", 10, 0)
//	uipath.AddGroup(fakeuipath.Group{ID: "group-01", Name: "Finance Robots"})
//	// Start the bot with uipath.URL(), uipath.ClientID() and so on; ask and approve.
//	err = uipath.Wait(ctx, func() bool { return len(uipath.Writes()) == 1 })
//	allocation, _ := uipath.Allocation("group-01") // allocation.Codes is [IDU]
//
// start.go starts and stops a Server, and routes.go serves a request. lease.go
// and write.go are the license service, token.go and identity.go the identity
// service. organization.go is the state, saved.go keeps it for another Server, and
// journal.go records every call.
package fakeuipath
