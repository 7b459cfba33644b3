// Package fault makes calls to a simulated server fail on purpose: late, cut,
// hanging, refused, or answered with garbage.
//
// fakeslack.Server and fakeuipath.Server embed a [Faults]. A test plans what
// goes wrong with [Faults.Inject] and ends it with [Faults.Clear]. Two cases of
// UiPath's PUT, the second of which takes effect although its caller never
// hears of it:
//
//	uipath.Inject("PUT group", fault.Fault{Times: 1, Status: 503})
//	uipath.Inject("PUT group", fault.Fault{Times: 1, Cut: true, AfterEffect: true})
//
// A server asks [Faults.Take] about each call by the name of its method, and
// lets [Fault.Serve] answer the call if a fault is planned.
package fault
