package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"licensebot/internal/fakeslack"
	"licensebot/internal/fakeuipath"
)

// benchProgram names the program that BenchmarkProgram measures, with its arguments. Empty
// means licensebot. Another one finds the same variables in its environment.
const benchProgram = "LICENSEBOT_BENCH_PROGRAM"

// A measured program runs as a process of its own, beside the simulators.
type measured struct {
	slack   *fakeslack.Server
	uipath  *fakeuipath.Server
	process *exec.Cmd
	started time.Duration // until Slack had its connections
}

// BenchmarkProgram measures the real program as a process of its own: whole requests, one
// after another, and many commands at once.
//
//	go test ./cmd/licensebot -run '^$' -bench Program -benchtime 40x
func BenchmarkProgram(b *testing.B) {
	b.Run("whole", func(b *testing.B) {
		p := startMeasured(b, b.N)
		p.runWhole(b, 0)
		acks, writes := make([]time.Duration, b.N), make([]time.Duration, b.N)
		calls, used := len(p.slack.Calls("")), p.readCPU(b)
		b.ResetTimer()
		for i := range b.N {
			acks[i], writes[i] = p.runWhole(b, i+1)
		}
		b.StopTimer()
		p.awaitRest(b, b.N+1)
		b.ReportMetric((p.readCPU(b)-used).Seconds()*1000/float64(b.N), "cpu-ms/request")
		b.ReportMetric(float64(len(p.slack.Calls(""))-calls)/float64(b.N), "slack-calls/request")
		b.ReportMetric(quantile(acks, 0.5), "ack-p50-ms")
		b.ReportMetric(quantile(writes, 0.5), "vote-to-put-p50-ms")
		b.ReportMetric(float64(p.started.Microseconds())/1000, "start-ms")
		b.ReportMetric(p.readMemory(b), "peak-MB")
	})
	b.Run("at-once", func(b *testing.B) {
		const commands, people = 2000, 50
		p := startMeasured(b, commands+people)
		for i := range people {
			id := fmt.Sprintf("U0PERSON%02d", i)
			p.slack.AddUser(fakeslack.User{ID: id, Name: strings.ToLower(id)})
			typeBenchCommandAs(b, p.slack, id, commands+i) // so that people and groups are known
		}
		for b.Loop() {
			used, took := p.readCPU(b), make([]time.Duration, commands)
			var typing sync.WaitGroup
			var declined atomic.Int64
			for i := range commands {
				typing.Go(func() {
					var isRecorded bool
					took[i], isRecorded = typeBenchCommandAs(b, p.slack, fmt.Sprintf("U0PERSON%02d", i%people), i)
					if !isRecorded {
						declined.Add(1)
					}
				})
			}
			typing.Wait()
			b.ReportMetric(quantile(took, 0.99), "ack-p99-ms")
			b.ReportMetric(float64(declined.Load()), "declined")
			b.ReportMetric((p.readCPU(b) - used).Seconds(), "cpu-s")
		}
	})
}

// startMeasured starts the program, and makes groups for so many requests.
func startMeasured(b *testing.B, requests int) *measured {
	b.Helper()
	if runtime.GOOS != "linux" {
		b.Skip("reads /proc")
	}
	p := new(measured)
	p.slack, p.uipath = benchPeers(b, "", 0)
	for i := range requests + 1 {
		addGroup(p.uipath, i)
	}
	program := strings.Fields(cmp.Or(os.Getenv(benchProgram), os.Args[0]+" serve"))
	p.process = exec.Command(program[0], program[1:]...)
	p.process.Env = append(plainEnvironment(), asBinary+"="+unpacedBinary,
		profileFolder+"="+os.Getenv(profileFolder),
		"SLACK_BOT_TOKEN="+p.slack.BotToken(), "SLACK_APP_TOKEN="+p.slack.AppToken(), "SLACK_API_URL="+p.slack.APIURL(),
		"UIPATH_URL="+p.uipath.URL(), "UIPATH_ORGANIZATION="+p.uipath.Organization(),
		"UIPATH_ACCOUNT_ID="+p.uipath.AccountID(), "UIPATH_CLIENT_ID="+p.uipath.ClientID(),
		"UIPATH_CLIENT_SECRET="+p.uipath.ClientSecret(), "LICENSEBOT_CHANNEL="+approvalsChannel,
		"LICENSEBOT_APPROVERS="+approver, "LICENSEBOT_HTTP_ADDR=127.0.0.1:0", "LICENSEBOT_CANARY=off",
		"LICENSEBOT_MAX_OPEN=1000", "LICENSEBOT_LOG_LEVEL=error",
		"LICENSEBOT_DATABASE_URL=sqlite://"+filepath.Join(b.TempDir(), "bench.db"))
	p.process.Stderr = os.Stderr
	begun := time.Now()
	if err := p.process.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = p.process.Process.Signal(syscall.SIGTERM) // it writes its profiles at its end
		guard := time.AfterFunc(patience, func() { _ = p.process.Process.Kill() })
		defer guard.Stop()
		_ = p.process.Wait()
	})
	waitUntil(b, p.slack, func() bool { return p.slack.Connections() > 0 })
	p.started = time.Since(begun)
	return p
}

// runWhole takes the i-th request from the command to its outcome.
func (p *measured) runWhole(b *testing.B, i int) (ack, write time.Duration) {
	b.Helper()
	ack = typeBenchCommand(b, p.slack, i)
	var card string
	waitUntil(b, p.slack, func() bool {
		cards := p.slack.Messages(approvalsChannel)
		if len(cards) != i+1 || len(cards[i].Reactions) != 2 {
			return false
		}
		card = cards[i].TS
		return true
	})
	begun := time.Now()
	if err := p.slack.React(approver, approvalsChannel, card, "white_check_mark"); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.uipath.Wait(ctx, func() bool { return len(p.uipath.Writes()) > i }); err != nil {
		b.Fatal(err)
	}
	write = time.Since(begun)
	waitUntil(b, p.slack, func() bool { return len(p.slack.Thread(approvalsChannel, card)) > 0 })
	return ack, write
}

// awaitRest waits until the last card tells the outcome, too.
func (p *measured) awaitRest(b *testing.B, requests int) {
	b.Helper()
	waitUntil(b, p.slack, func() bool { return len(p.slack.Calls("chat.update")) >= requests })
}

// readCPU reads the processor time that the program has used.
func (p *measured) readCPU(b *testing.B) time.Duration {
	b.Helper()
	const tick = 10 * time.Millisecond // of /proc, on every Linux
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.process.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		b.Fatal(err)
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * tick
}

// readMemory reads the most memory that the program ever used, in megabytes.
func (p *measured) readMemory(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.process.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if peak, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(peak), " kB"), 64)
			if err != nil {
				b.Fatal(err)
			}
			return kilobytes / 1000
		}
	}
	b.Fatal("the system does not tell how much memory the program used")
	return 0
}

// quantile is in milliseconds.
func quantile(took []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(took))
	return float64(sorted[int(q*float64(len(sorted)-1))].Microseconds()) / 1000
}
