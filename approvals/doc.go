// Package approvals holds the rules of licensebot: what a request for licences
// is, who may agree to it, what each event makes of it, and what is owed to
// the world because of that. It knows neither Slack nor UiPath nor SQL and
// uses the standard library only; bot, licensing and internal/store import it
// and never each other.
//
// # A request's life
//
//	filed ──┬─ not fit to ask anyone ─────────▶ refused
//	        ├─ requester cancels ─────────────▶ cancelled
//	        ├─ deadline passes ───────────────▶ expired
//	        └─ UiPath read, change fixed ──▶ pending
//
//	pending ──┬─ one ❌ from an approver ─────▶ denied
//	          ├─ requester cancels ───────────▶ cancelled
//	          ├─ an approver cancels and says why ▶ cancelled
//	          ├─ the card is deleted ─────────▶ cancelled
//	          ├─ deadline passes ─────────────▶ expired
//	          ├─ quorum of ✅ ────────────▶ approved
//	          └─ card posted, and the policy
//	             grants it by itself ─────▶ approved
//
//	approved ──┬─ applied and confirmed ──────▶ done
//	           ├─ refused by UiPath ──────────▶ failed
//	           ├─ lapsed before it was confirmed ▶ failed
//	           ├─ the end asked for has passed ▶ failed
//	           ├─ the change shown is no longer
//	           │  the change made ────────────▶ superseded
//	           ├─ card deleted before the write ▶ cancelled
//	           ├─ ❌ found before the write ──▶ denied
//	           ├─ consent gone before the write,
//	           │  after the deadline ─────────▶ expired
//	           └─ the same before the deadline ──▶ pending
//
//	done, for a time ──┬─ its time is over ───▶ the end is owed
//	                   ├─ ended early ────────▶ the end is owed
//	                   ├─ the end is carried out ▶ done, over
//	                   └─ UiPath keeps a code ──▶ done, with something left
//
// A retry is not a move, and a lease is not a state; nor is it one that a done
// request holds codes for a time: that is its [Grant]. [Next] is this figure
// as a pure function; the store makes its result atomic; nobody else decides.
//
// # Who holds a code
//
// The end of a grant takes out what its request put in, and only where no
// other request holds it then. That follows from the done requests of the
// group in their order: one that puts a code in found it missing, so that
// whoever held it before holds it no more; one that renews a code holds it
// along with the others; one that removes it ends all their claims. A code
// that somebody takes out and puts back by hand while a grant holds it cannot
// be told from the grant's own, and goes at its end.
//
// # From event to effect
//
// Whatever happens is an [Event]. [Store.Step] runs Next on it inside one
// transaction and keeps the request, a journal line and the owed work ([Owed])
// together. [Workers] take owed work under a lease and carry it out, outside
// any transaction: they read and write the rule at UiPath ([Licences]), speak
// in the channel ([Announcer]) and look people up ([Directory]). An effect
// that cannot be repeated safely is preceded by [Store.Try], so that whoever
// takes the work over knows to look before it acts again.
package approvals
