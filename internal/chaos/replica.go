//go:build linux

package chaos

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// A replica is one licensebot and the wires that lead from it to its peers.
type replica struct {
	name    string
	command []string // the program and its arguments
	dir     string
	env     map[string]string
	wires   []*wire
	config  config
	log     *tail

	cmd    *exec.Cmd
	exited chan struct{} // closed when the process is gone
	told   bool          // it was told to end
	frozen bool          // it was stopped by SIGSTOP
}

// start runs the program with a clock that is off by skew.
func (r *replica) start(skew time.Duration) error {
	cmd := exec.Command(r.command[0], r.command[1:]...)
	cmd.Dir = r.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir,
		fmt.Sprintf("%s=%d", skewVariable, int(skew.Seconds()))}
	for name, value := range r.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stderr = r.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	r.log.beginLife()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", r.name, err)
	}
	exited := make(chan struct{})
	r.cmd, r.exited, r.told, r.frozen = cmd, exited, false, false
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	return nil
}

// isRunning reports whether the process is there.
func (r *replica) isRunning() bool {
	if r.cmd == nil {
		return false
	}
	select {
	case <-r.exited:
		return false
	default:
		return true
	}
}

func (r *replica) sendSignal(s syscall.Signal) { _ = r.cmd.Process.Signal(s) }

// kill ends the process as kill -9 and power loss do.
func (r *replica) kill() {
	if r.cmd == nil {
		return
	}
	r.told = true
	r.sendSignal(syscall.SIGKILL)
	<-r.exited
}

// terminate asks the process to end, without waiting for it.
func (r *replica) terminate() {
	r.thaw()
	r.told = true
	r.sendSignal(syscall.SIGTERM)
}

func (r *replica) freeze() {
	r.frozen = true
	r.sendSignal(syscall.SIGSTOP)
}

func (r *replica) thaw() {
	if r.frozen {
		r.frozen = false
		r.sendSignal(syscall.SIGCONT)
	}
}

// awaitsAnswer reports whether a call of the replica still waits for its answer.
func (r *replica) awaitsAnswer() bool {
	for _, w := range r.wires {
		if w.AnswerDue() {
			return true
		}
	}
	return false
}

// isReady asks /readyz.
func (r *replica) isReady(ctx context.Context) bool {
	addr := r.log.servedAddress()
	if addr == "" || !r.isRunning() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == http.StatusOK
}
