package page_test

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// pictures is where the screenshots go. Without it they are artifacts of the test.
var pictures = flag.String("pictures", "", "write the pictures of the documents to this folder")

// documented are the pictures that the documents show.
var documented = []string{"done", "down", "form", "home", "policy", "phone-done"}

// patience bounds each wait on a loaded machine.
const patience = 40 * time.Second

// chromium is the path of a browser, or "".
func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// needBrowser returns the browser. Without one the test is skipped, or fails if it is
// required.
func needBrowser(t *testing.T) context.Context {
	t.Helper()
	switch {
	case chromium() != "":
	case os.Getenv("LICENSEBOT_TEST_REQUIRE") == "1":
		t.Fatal("there is no Chromium on PATH")
	default:
		t.Skip("no Chromium on PATH")
	}
	browser, err := startBrowser()
	if err != nil {
		t.Fatal(err)
	}
	return browser
}

// closeBrowser ends the browser that the tests share.
var closeBrowser = func() {}

// startBrowser starts one Chromium for all tests.
var startBrowser = sync.OnceValues(func() (context.Context, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium()),
		chromedp.NoSandbox, chromedp.WSURLReadTimeout(patience), chromedp.Flag("lang", "en-US"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	browser, closeTabs := chromedp.NewContext(allocator)
	closeBrowser = func() { closeTabs(); stop() }
	return browser, chromedp.Do(browser)
})

// A visitor is a person before the page, in a tab of their own.
type visitor struct {
	t    *testing.T
	ctx  context.Context
	said []string // errors of the console
}

// visit opens the page at a width. An error in the console fails the test.
func visit(t *testing.T, browser context.Context, url string, width int64) *visitor {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser)
	v := &visitor{t: t, ctx: ctx}
	heard := make(chan struct{})
	messages := chromedp.Console(ctx)
	go func() {
		defer close(heard)
		v.hear(messages)
	}()
	t.ArtifactDir() // made before the clean-up, which runs before the folder is removed
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the page at the end is %s", v.picture(strings.ReplaceAll(t.Name(), "/", "-")+"-failed"))
		}
		closeTab()
		<-heard
		for _, text := range v.said {
			t.Errorf("the console says: %s", text)
		}
	})
	v.do("open the page", chromedp.EmulateViewport(width, 860), inLight(true), chromedp.Navigate(url),
		chromedp.WaitReady(`body[data-ready]`))
	return v
}

// inLight chooses between light and dark.
func inLight(light bool) chromedp.Action[chromedp.Void] {
	scheme := map[bool]string{true: "light", false: "dark"}[light]
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		return err
	})
}

// hear notes what the console calls an error, until the tab is closed.
func (v *visitor) hear(messages iter.Seq2[chromedp.ConsoleMessage, error]) {
	for message, err := range messages {
		if err != nil {
			return
		}
		if message.IsException() || message.Type == "error" {
			v.said = append(v.said, message.String()+" "+message.URL)
		}
	}
}

// do runs actions and names what failed.
func (v *visitor) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		v.t.Fatalf("cannot %s: %v", what, err)
	}
}

// await waits until a JavaScript expression is true.
func (v *visitor) await(what, expression string) {
	v.t.Helper()
	v.do("see that "+what, chromedp.Poll[chromedp.Void]("Boolean("+expression+")",
		chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(patience)))
}

// sees waits until an element shows a text.
func (v *visitor) sees(selector, text string) {
	v.t.Helper()
	v.await(fmt.Sprintf("%s shows %q", selector, text), fmt.Sprintf(
		`[...document.querySelectorAll(%s)].some((one) => one.checkVisibility() && one.innerText.includes(%s))`,
		strconv.Quote(selector), strconv.Quote(text)))
}

// clicks clicks the first visible element of a selector.
func (v *visitor) clicks(selector string) {
	v.t.Helper()
	v.await(selector+" can be clicked", fmt.Sprintf(`[...document.querySelectorAll(%s)].some((one) => `+
		`one.checkVisibility() && !one.disabled && !void (one.scrollIntoView({block: "nearest"}), one.click()))`,
		strconv.Quote(selector)))
}

// becomes chooses a person.
func (v *visitor) becomes(person string) {
	v.t.Helper()
	v.clicks(fmt.Sprintf(`[data-person="%s"]`, person))
}

// types types into the composer and presses Enter.
func (v *visitor) types(text string) {
	v.t.Helper()
	v.do("type "+text, chromedp.SendKeys("#composer-text", text+"\r"))
}

// picture saves what is on the screen and returns where.
func (v *visitor) picture(name string) string {
	v.t.Helper()
	folder := v.t.ArtifactDir()
	if *pictures != "" && slices.Contains(documented, name) {
		folder = *pictures
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	image, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err.Error()
	}
	path := filepath.Join(folder, name+".png")
	if err := os.WriteFile(path, image, 0o644); err != nil {
		v.t.Error(err)
	}
	return path
}
