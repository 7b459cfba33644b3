// Package fault makes calls to a simulated server fail on purpose: late, cut,
// hanging, refused, or answered with garbage.
//
// fakeslack.Server and fakeuipath.Server embed a [Faults]. A test plans what
// goes wrong with [Faults.Inject] and ends it with [Faults.Clear]. Here UiPath
// refuses one PUT, and then carries one out and loses the answer:
//
//	uipath.Inject("PUT group", fault.Fault{Times: 1, Status: 503})
//	uipath.Inject("PUT group", fault.Fault{Times: 1, Cut: true, AfterEffect: true})
//
// A simulated server asks [Faults.Take] for a fault at each call, and lets
// [Fault.Serve] answer if there is one.
package fault
