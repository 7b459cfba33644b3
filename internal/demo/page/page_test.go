package page_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	_ "licensebot/internal/demo" // a change of the sandbox or its page makes a cached result stale
)

// The people of the sandbox, and the channel of the cards.
const (
	robin, sam, alex, kim, lee = "U0ROBIN", "U0SAM", "U0ALEX", "U0KIM", "U0LEE"
	approve, deny              = `[data-reaction="white_check_mark"]`, `[data-reaction="x"]`
)

// widths are those of a laptop and of a phone.
var widths = []int64{1280, 390}

// buildProgram builds the program once for all tests.
var buildProgram = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "licensebot-page-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, "licensebot")
	said, err := exec.Command("go", "build", "-o", program, "licensebot/cmd/licensebot").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, said)
	}
	return program, nil
})

// guarded names the program of a guard.
const guarded = "LICENSEBOT_TEST_GUARDED"

// guard is a process between a test and the sandbox. It interrupts the sandbox when its
// standard input ends: a sandbox must not outlive a test that is killed or runs out of
// time.
func guard(program string) int {
	cmd := exec.Command(program, os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 1
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = cmd.Process.Signal(syscall.SIGINT)
	}()
	if cmd.Wait() != nil {
		return 1
	}
	return 0
}

func TestMain(m *testing.M) {
	if program := os.Getenv(guarded); program != "" {
		os.Exit(guard(program))
	}
	code := m.Run()
	closeBrowser()
	if program, err := buildProgram(); err == nil {
		_ = os.RemoveAll(filepath.Dir(program))
	}
	os.Exit(code)
}

// startSandbox starts a sandbox as a person does, and returns its address.
func startSandbox(t *testing.T) string {
	t.Helper()
	said := startProgram(t, "sandbox", "--web")
	for said.Scan() {
		if _, url, found := strings.Cut(said.Text(), "The sandbox is at "); found {
			return url
		}
	}
	t.Fatal("the sandbox told no address")
	return ""
}

// startProgram starts licensebot and returns its output. It ends with the test.
func startProgram(t *testing.T, args ...string) *bufio.Scanner {
	t.Helper()
	program, err := buildProgram()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), guarded+"="+program)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the sandbox ended with %v", err)
		}
	})
	return bufio.NewScanner(out)
}

// play runs a test in a sandbox and a tab of its own, at each width.
func play(t *testing.T, scene func(v *visitor)) {
	t.Helper()
	browser := needBrowser(t)
	for _, width := range widths {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			v := visit(t, browser, startSandbox(t), width)
			v.await("the bot is up", `document.getElementById("bot-state").textContent === "up and well"`)
			scene(v)
		})
	}
}

// opens shows a pane, which is a tab on a phone.
func (v *visitor) opens(pane string) {
	v.t.Helper()
	v.do("open the pane "+pane, evaluate(fmt.Sprintf(`document.querySelector('[data-tab="%s"]').click()`, pane)))
}

func evaluate(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](expression)
}

// waitsForCard waits for the card with its two emoji.
func (v *visitor) waitsForCard() {
	v.t.Helper()
	v.await("the card has its two emoji", `document.querySelectorAll('.reaction[data-reaction]').length >= 2`)
}

// TestPageReady tells how long after its start the sandbox has a page that can be used. A
// loaded machine takes longer, so the time decides nothing; the bot may still be starting.
func TestPageReady(t *testing.T) {
	browser := needBrowser(t)
	if _, err := buildProgram(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	v := visit(t, browser, startSandbox(t), widths[0])
	t.Logf("the page was ready %d ms after the start", time.Since(began).Milliseconds())
	v.types("a word")
	v.sees(".message", "a word")
}

// A newcomer clicks what the page offers first, and gets the license.
func TestMainJob(t *testing.T) {
	play(t, func(v *visitor) {
		v.clicks("[data-type]")
		v.do("press Enter", chromedp.SendKeys("#composer-text", "\r"))
		v.sees(".message.only", "is recorded")
		v.waitsForCard()
		v.picture(v.name("asked"))
		v.becomes(alex)
		v.clicks(approve)
		v.sees(".thread", "Done")
		v.sees("#guide", "Now break something")
		v.sees(".message", "(edited)")
		v.picture(v.name("done"))
		v.opens("uipath")
		v.sees(`[data-group="group-01"] .code`, "IDU")
		v.sees(".call.write summary", "PUT")
		v.picture(v.name("uipath"))
	})
}

func TestDenial(t *testing.T) {
	play(t, func(v *visitor) {
		v.types("/allocate group-01 IDU because FIN-123")
		v.waitsForCard()
		v.becomes(sam)
		v.clicks(approve)
		v.sees(".message.only", "does not count")
		v.becomes(alex)
		v.clicks(deny)
		v.sees(".thread", "was denied")
		v.becomes(sam)
		v.clicks(approve) // taken back
		v.await("Sam's reaction is gone", `document.querySelector('.reaction.mine') === null`)
		v.opens("uipath")
		v.await("UiPath saw no write", `document.querySelector(".call.write") === null`)
	})
}

func TestQuorumOfTwo(t *testing.T) {
	play(t, func(v *visitor) {
		v.types("/allocate group-02 RPADEVPRONU for 30d")
		v.waitsForCard()
		v.becomes(kim)
		v.clicks(approve)
		v.sees(".message", "1 of 2")
		v.becomes(lee)
		v.clicks(approve)
		v.sees(".thread", "Done")
		v.picture(v.name("quorum"))
	})
}

// The form says what is wrong under the field, and takes the second attempt.
func TestForm(t *testing.T) {
	play(t, func(v *visitor) {
		v.clicks("#shortcut")
		v.sees("dialog h2", "Ask for licenses")
		v.clicks("dialog [type=submit]")
		v.sees(`[data-block="group"] .field-error`, "required")
		v.do("type a part of the name", chromedp.SendKeys(`[data-block="group"] input`, "Fin"))
		v.sees(".suggestions li", "Finance Robots")
		v.do("choose the first", chromedp.SendKeys(`[data-block="group"] input`, "\r"))
		v.clicks(`[data-block="codes"] input[value="IDU"]`)
		v.do("choose a day, too", evaluate(`{
			const term = document.querySelector('[data-block="term"] select');
			term.value = "1w";
			document.querySelector('[data-block="until"] input').value = "2030-12-31";
		}`))
		v.clicks("dialog [type=submit]")
		v.sees(".field-error", "Choose either how long or until when")
		v.picture(v.name("form"))
		v.do("take the day back", evaluate(`document.querySelector('[data-block="until"] input').value = ""`))
		v.clicks("dialog [type=submit]")
		v.await("the form is closed", `document.querySelector("dialog") === null`)
		v.waitsForCard()
	})
}

func TestAppHome(t *testing.T) {
	play(t, func(v *visitor) {
		v.types("/allocate group-01 IDU")
		v.waitsForCard()
		v.becomes(alex)
		v.clicks(`[data-place="home"]`)
		v.sees("#home", "Waiting for you")
		v.sees("#home", "Finance Robots")
		v.sees("#home", "licensebot is well")
		v.picture(v.name("home"))
		v.clicks(`#home [data-action="allocate_open"]`)
		v.sees("dialog h2", "Ask for licenses")
		v.do("press Escape", chromedp.KeyEvent("\x1b"))
		v.await("the form is closed", `document.querySelector("dialog") === null`)
	})
}

// The bot dies, Slack says so, and the bot goes on where it was.
func TestKill(t *testing.T) {
	play(t, func(v *visitor) {
		v.types("/allocate group-01 IDU")
		v.waitsForCard()
		v.opens("bot")
		v.clicks("#bot-kill")
		v.await("the bot is killed", `document.getElementById("bot-state").textContent === "killed"`)
		v.opens("slack")
		v.types("/allocate show group-01")
		v.sees(".message.failed", "/allocate")
		v.becomes(alex)
		v.clicks(approve)
		v.picture(v.name("killed"))
		v.clicks("#mend-bot")
		v.sees(".thread", "Done")
	})
}

// A mistake in the policy is shown at its line, and the mended policy is in use.
func TestPolicy(t *testing.T) {
	play(t, func(v *visitor) {
		v.opens("bot")
		v.clicks("#policy summary")
		v.rewritesPolicy("quorum: 2", "quorom: 3")
		v.sees("#policy-errors", "line 6")
		v.await("the line is marked", `document.querySelector("#policy-lines .wrong").textContent === "6"`)
		v.picture(v.name("policy"))
		v.rewritesPolicy("quorom: 3", "quorum: 3")
		v.sees("#policy-said", "Saved")
		v.await("the bot uses the policy", `document.getElementById("log-lines").textContent.includes("a new policy is in force")`)
		v.opens("slack")
		v.types("/allocate group-02 IDU")
		v.sees(".message", "0 of 3")
	})
}

// rewritesPolicy changes a word in the editor and saves.
func (v *visitor) rewritesPolicy(before, after string) {
	v.t.Helper()
	v.await("the policy is in the editor", fmt.Sprintf(`document.getElementById("policy-text").value.includes(%q)`, before))
	v.do("edit the policy", evaluate(fmt.Sprintf(`{
		const text = document.getElementById("policy-text");
		text.value = text.value.replace(%q, %q);
		text.dispatchEvent(new Event("input"));
	}`, before, after)))
	v.clicks("#policy-save")
}

// By clicking alone a person finds what happens when UiPath is down.
func TestUiPathDown(t *testing.T) {
	play(t, func(v *visitor) {
		v.clicks(`[data-story="uipath-down"]`)
		v.sees("#guide", "The thread makes no claim of success")
		v.sees(".message-item", "UiPath")
		v.sees(".thread", "UiPath")
		v.await("the scene is set", `document.getElementById("guide-playing").hidden`)
		v.picture(v.name("down"))
		v.clicks("#mend-weather")
		v.sees(".thread", "Done")
		v.await("nothing is left to mend", `document.getElementById("mend").hidden`)
	})
}

// A person writes in a thread, keeps what they write while replies arrive, and learns
// that Slack takes no commands there.
func TestReplies(t *testing.T) {
	play(t, func(v *visitor) {
		v.types("/allocate group-01 IDU")
		v.waitsForCard()
		v.clicks(`[data-reply]`)
		const reply = ".reply input"
		v.do("write a reply", chromedp.SendKeys(reply, "/allocate mine\r"))
		v.sees(".reply .slack-error", "not supported in threads")
		v.do("write another", chromedp.SendKeys(reply, strings.Repeat("\b", 14)+"Is it for the audit?\r"))
		v.sees(".thread .message", "Is it for the audit?")
		v.do("begin a third", chromedp.SendKeys(reply, "half a sen"))
		v.becomes(alex)
		v.clicks(deny)
		v.sees(".thread", "was denied")
		v.await("the draft is kept", `document.querySelector(".reply input").value === "half a sen"`)
		v.picture(v.name("replies"))
	})
}

// fakesOnly starts the simulators alone. It returns the page and the environment for a
// bot.
func fakesOnly(t *testing.T) (url string, env map[string]string) {
	t.Helper()
	env = map[string]string{}
	for said := startProgram(t, "sandbox", "--fakes"); said.Scan(); {
		if _, rest, found := strings.Cut(said.Text(), "are at "); found {
			url, _, _ = strings.Cut(rest, ";")
		}
		name, value, _ := strings.Cut(strings.TrimPrefix(said.Text(), "export "), "=")
		if env[name] = value; name == "UIPATH_URL" { // the last one
			return url, env
		}
	}
	t.Fatal("the sandbox told no environment")
	return "", nil
}

// A weather is switched on and cleared up in its own pane.
func TestWeatherSwitch(t *testing.T) {
	play(t, func(v *visitor) {
		v.opens("weather")
		v.clicks(`[data-weather="slack-slow"]`)
		v.await("the page names it", `document.getElementById("weather-now").textContent === "Slack is slow"`)
		v.picture(v.name("weather"))
		v.clicks("#weather-clear")
		v.await("it is fair", `document.getElementById("weather-now").textContent === "fair"`)
	})
}

// A block that Slack does not take is shown as Slack's error.
func TestRefusedBlock(t *testing.T) {
	browser := needBrowser(t)
	url, env := fakesOnly(t)
	v := visit(t, browser, url, widths[0])
	call(t, env["SLACK_API_URL"]+"chat.postMessage", neturl.Values{
		"token": {env["SLACK_BOT_TOKEN"]}, "channel": {"C0LICENSES"}, "text": {"one"},
		"blocks": {`[{"type":"section"},{"type":"carousel"}]`},
	})
	v.sees("#refusals", "Slack refused one thing")
	v.sees("#refusals .slack-error", "chat.postMessage: invalid_blocks")
	v.sees("#refusals pre", "carousel")
}

// call posts a form.
func call(t *testing.T, url string, form neturl.Values) {
	t.Helper()
	answer, err := http.PostForm(url, form)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
}

// Of 500 messages a new one touches itself alone.
func TestManyMessages(t *testing.T) {
	browser := needBrowser(t)
	url, _ := fakesOnly(t)
	say := func(text string) {
		body := fmt.Sprintf(`{"user":"U0ROBIN","channel":"C0LICENSES","text":%q}`, text)
		answer, err := http.Post(url+"/api/slack/message", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
	for n := range 500 {
		say(fmt.Sprintf("message %d", n))
	}
	v := visit(t, browser, url, widths[0])
	v.await("all are there", `document.querySelectorAll(".message-item").length === 500`)
	v.do("count what changes", evaluate(`window.touched = 0; new MutationObserver((changes) => {
		for (const one of changes) window.touched += one.addedNodes.length + one.removedNodes.length + (one.type !== "childList");
	}).observe(document.querySelector(".pane-slack"), {subtree: true, childList: true, attributes: true, characterData: true})`))
	say("the newest")
	v.sees(".message-item", "the newest")
	v.await("nothing else changed", `window.touched === 1`)
	v.await("the newest is in view", `(() => { const box = document.getElementById("messages");
		return box.scrollHeight - box.scrollTop - box.clientHeight < 5; })()`)
	v.await("an old message is where one scrolls to", `(() => {
		document.querySelector(".message-item").scrollIntoView();
		return document.querySelector(".message-item").innerText.includes("message 0");
	})()`)
}

// name is the name of a picture at this width.
func (v *visitor) name(scene string) string {
	_, width, _ := strings.Cut(v.t.Name(), "/")
	return map[string]string{"1280": "", "390": "phone-"}[width] + scene
}

// The main job by the keyboard alone: Tab, the arrows and Enter.
func TestKeyboardAlone(t *testing.T) {
	play(t, func(v *visitor) {
		v.tabsTo("[data-type]")
		v.presses(kb.Enter)
		v.await("the command is typed", `document.activeElement.id === "composer-text" && document.activeElement.value !== ""`)
		v.presses(kb.Enter)
		v.waitsForCard()
		v.tabsTo("[data-person]")
		v.presses(kb.ArrowRight, kb.ArrowRight)
		v.await("Alex is chosen", fmt.Sprintf(`document.activeElement.dataset.person === %q`, alex))
		v.tabsTo(approve)
		v.presses(kb.Enter)
		v.sees(".thread", "Done")
	})
}

// presses presses keys, one after the other.
func (v *visitor) presses(keys ...string) {
	v.t.Helper()
	for _, key := range keys {
		v.do("press a key", chromedp.KeyEvent(key))
	}
}

// tabsTo presses Tab until an element has the focus.
func (v *visitor) tabsTo(selector string) {
	v.t.Helper()
	for range 120 {
		v.presses(kb.Tab)
		ctx, cancel := context.WithTimeout(v.ctx, patience)
		isThere, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf("document.activeElement.matches(%q)", selector)))
		cancel()
		if err != nil {
			v.t.Fatal(err)
		}
		if isThere {
			return
		}
	}
	v.t.Fatalf("Tab does not get to %s", selector)
}
