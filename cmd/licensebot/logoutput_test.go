package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"licensebot/bot/bottest"
	"licensebot/internal/sweep"
)

// startWithLog runs licensebot with its log going into a pipe, and returns the end
// to read.
func (w *world) startWithLog() (process *exec.Cmd, log *os.File, base string) {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.env["LICENSEBOT_HTTP_ADDR"] = listener.Addr().String()
	_ = listener.Close()
	reader, writer, err := os.Pipe()
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = reader.Close() })
	cmd := exec.Command(os.Args[0], "serve")
	cmd.Env = append(plainEnvironment(), asBinary+"=1")
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stderr = writer
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	_ = writer.Close()
	w.replicas = append(w.replicas, cmd)
	w.awaitCondition("licensebot to connect", func() bool { return w.slack.Connections() == 2 })
	return cmd, reader, "http://" + w.env["LICENSEBOT_HTTP_ADDR"]
}

// stopProcess sends SIGTERM and expects exit code 0.
func (w *world) stopProcess(process *exec.Cmd) {
	w.t.Helper()
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Fatal(err)
	}
	w.replicas = nil
	if err := process.Wait(); err != nil {
		w.t.Errorf("it ended with %v", err)
	}
}

var lostMetric = regexp.MustCompile(`(?m)^licensebot_log_lines_lost_total ([1-9])`)

// awaitLost waits until the metric of lost lines is above zero.
func (w *world) awaitLost(base string) {
	w.t.Helper()
	w.pollUntil("lost lines", func() bool {
		_, metrics := getPage(w.t, base+"/metrics")
		return lostMetric.MatchString(metrics)
	})
}

func TestServeOutlivesTheReaderOfItsLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	process, log, base := w.startWithLog()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	w.typeRequest("group-01 IDU")
	w.reactToCard(approver, "white_check_mark")
	w.awaitOutcome("allocation_done", "*Done*")
	w.awaitLost(base)
	w.stopProcess(process)
}

// typeUntilRecorded types a request again while the bot is busy with what it was sent
// before.
func (w *world) typeUntilRecorded(text string) {
	w.t.Helper()
	w.pollUntil("a request to be recorded", func() bool {
		typed, err := w.slack.Command(w.guardContext(), requester, anyChannel, "/allocate", text)
		return err == nil && typed.Error == "" && strings.Contains(typed.Response, "is recorded")
	})
}

// TestServeDoesNotWaitForTheReaderOfItsLog has the bot write more than 2,000 lines
// that are not read. At the end it reads them.
func TestServeDoesNotWaitForTheReaderOfItsLog(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	w := newWorld(t)
	process, log, base := w.startWithLog()
	const lines = 2100
	for i := range lines {
		if err := w.slack.SendRaw(fmt.Appendf(nil, `{"envelope_id":"E%d","type":"strange","payload":{}}`, i)); err != nil {
			t.Fatal(err)
		}
		if i%300 == 0 {
			w.typeUntilRecorded(fmt.Sprintf("group-01 RPADEVPRONU=%d", 10+i/300))
		}
	}
	w.awaitLost(base)
	w.typeUntilRecorded("group-01 IDU")
	if status, body := getPage(t, base+"/readyz"); status != 200 {
		t.Errorf("/readyz is %d %s", status, body)
	}
	read := new(bottest.Log)
	end := make(chan error, 1)
	go func() { _, err := io.Copy(read, log); end <- err }()
	w.pollUntil("the old lines", func() bool { return strings.Contains(read.String(), "are lost") })
	w.stopProcess(process)
	if err := <-end; err != nil || !strings.Contains(read.String(), "licensebot is running") {
		t.Errorf("%v; the first lines are missing", err)
	}
}

// TestServeEndsThoughItsLogIsNotRead stops a bot with a full pipe.
func TestServeEndsThoughItsLogIsNotRead(t *testing.T) {
	sweep.InSample(t, false)
	t.Parallel()
	w := newWorld(t)
	process, _, base := w.startWithLog()
	for i := range 2100 {
		if err := w.slack.SendRaw(fmt.Appendf(nil, `{"envelope_id":"E%d","type":"strange","payload":{}}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	w.awaitLost(base)
	w.stopProcess(process)
}

// A failingWriter fails as often as it is told, and then writes.
type failingWriter struct {
	failures int
	bottest.Log
}

func (f *failingWriter) Write(line []byte) (int, error) {
	if f.failures > 0 {
		f.failures--
		return 0, errors.New("no space left on device")
	}
	return f.Log.Write(line)
}

func TestLostLinesAreCountedAndTold(t *testing.T) {
	for _, cfg := range []Config{{}, {Console: true}} {
		disk := &failingWriter{failures: 3}
		output := newLogOutput(cfg, disk)
		log := newLogger(cfg, output)
		for i := range 5 {
			log.Info().Msg(fmt.Sprint("line ", i))
		}
		output.Close()
		log.Info().Msg("after the end")
		text := disk.String()
		if output.Lost() != 3 || strings.Count(text, "are lost") != 1 || strings.Contains(text, "line 2") ||
			!strings.Contains(text, "line 3") || !strings.Contains(text, "line 4") || !regexp.MustCompile(`lost.*3`).MatchString(text) {
			t.Errorf("%d lost, and the log is\n%s", output.Lost(), text)
		}
	}
}
