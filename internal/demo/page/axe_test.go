package page_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// findings runs axe on what is on the screen, and returns what is serious.
const findings = `axe.run().then((found) => found.violations
	.filter((one) => one.impact === "serious" || one.impact === "critical")
	.flatMap((one) => one.nodes.map((node) => one.id + ": " + node.target.join(" ") + " " + node.failureSummary)))`

// axe finds nothing serious in any pane, in light and dark, with a form open and without.
func TestAccessibility(t *testing.T) {
	path := os.Getenv("LICENSEBOT_TEST_AXE")
	if path == "" {
		t.Skip("LICENSEBOT_TEST_AXE does not name axe.min.js")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	play(t, func(v *visitor) {
		v.do("load axe", evaluate(string(axe)+";void 0"))
		v.types("/allocate group-01 IDU")
		v.waitsForCard()
		for _, pane := range []string{"slack", "uipath", "bot", "weather"} {
			v.opens(pane)
			v.isAccessible(pane)
		}
		v.opens("slack")
		v.clicks(`[data-place="home"]`)
		v.sees("#home", "Your open requests")
		v.isAccessible("home")
		v.clicks("#shortcut, #home [data-action=allocate_open]")
		v.sees("dialog h2", "Ask for licenses")
		v.isAccessible("form")
	})
}

// isAccessible looks at the page in light and in dark.
func (v *visitor) isAccessible(where string) {
	v.t.Helper()
	for _, light := range []bool{true, false} {
		v.do("choose colors", inLight(light))
		ctx, cancel := context.WithTimeout(v.ctx, patience)
		found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](findings, chromedp.EvalAwaitPromise))
		cancel()
		if err != nil {
			v.t.Fatal(err)
		}
		if len(found) > 0 {
			v.t.Errorf("%s, light %t:\n%s", where, light, strings.Join(found, "\n"))
		}
	}
}
