package checkup

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// maxSkew is how far two clocks may differ. Deadlines and the times of votes are
// compared across them.
const maxSkew = 10 * time.Second

// A Clock is what the answers of a server tell of its clock. As a transport it listens
// to them.
type Clock struct {
	Base http.RoundTripper // nil: the default

	mu       sync.Mutex
	ahead    time.Duration
	known    bool
	answered bool // the server answered at least once
}

// RoundTrip carries a request out and reads the Date header of the answer.
func (c *Clock) RoundTrip(req *http.Request) (*http.Response, error) {
	base := c.Base
	if base == nil {
		base = http.DefaultTransport
	}
	asked := time.Now()
	resp, err := base.RoundTrip(req)
	if err == nil {
		c.note(resp.Header.Get("Date"), asked, time.Now())
	}
	return resp, err
}

func (c *Clock) note(date string, asked, answered time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered = true
	if ahead, ok := readSkew(date, asked, answered); ok {
		c.ahead, c.known = ahead, true
	}
}

// hasAnswer reports whether the server has answered anything.
func (c *Clock) hasAnswer() bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answered
}

func (c *Clock) read() (ahead time.Duration, known bool) {
	if c == nil {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead, c.known
}

// readSkew tells how far a server's clock is ahead of this machine's at least, because
// the answer took its time and the header names whole seconds.
func readSkew(date string, asked, answered time.Time) (time.Duration, bool) {
	at, err := http.ParseTime(date)
	if err != nil {
		return 0, false
	}
	switch {
	case at.After(answered):
		return at.Sub(answered), true
	case at.Add(time.Second).Before(asked):
		return at.Add(time.Second).Sub(asked), true
	}
	return 0, true
}

// addClock judges how far a server's clock is ahead.
func (f *findings) addClock(check, server string, ahead time.Duration, known bool) {
	direction := "behind"
	if ahead < 0 {
		direction = "ahead of"
	}
	switch {
	case !known:
		f.skip(check, server+" did not tell its time")
	case ahead.Abs() > maxSkew:
		f.problem(check, fmt.Sprintf("this machine's clock is %s %s %s's", ahead.Abs().Round(time.Second), direction, server),
			"set the clock by NTP (timedatectl set-ntp true, chrony)")
	default:
		f.ok(check, "this machine's clock agrees with "+server+"'s")
	}
}
