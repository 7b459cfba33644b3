package fakeslack

import "time"

// paceBucket holds the message allowance of one channel.
type paceBucket struct {
	left float64
	at   time.Time
}

// paceBurst is how many messages a channel takes at once.
const paceBurst = 5

// takePace takes one message from the channel's allowance. Callers hold s.lock.
func (s *Server) takePace(channel string) error {
	if !s.cfg.ChannelPace {
		return nil
	}
	now := s.cfg.Now()
	b := s.pace[channel]
	if b == nil {
		b = &paceBucket{left: paceBurst, at: now}
		s.pace[channel] = b
	}
	b.left = min(paceBurst, b.left+now.Sub(b.at).Seconds())
	b.at = now
	if b.left < 1 {
		return &detailedError{name: "ratelimited", retryAfter: 1}
	}
	b.left--
	return nil
}

// tierWindow counts the calls of one method in one minute.
type tierWindow struct {
	start time.Time
	calls int
}

// tierLimits are calls per minute, by tier.
var tierLimits = [...]int{1: 1, 2: 20, 3: 50, 4: 100}

// countTierCall counts a call against the limit of its method. Callers hold
// s.lock.
func (s *Server) countTierCall(method string, tier int) error {
	if !s.cfg.EnforceTiers || tier == 0 {
		return nil
	}
	now := s.cfg.Now()
	window := s.tiers[method]
	if window == nil || now.Sub(window.start) >= time.Minute {
		window = &tierWindow{start: now}
		s.tiers[method] = window
	}
	window.calls++
	if window.calls > tierLimits[tier] {
		rest := time.Minute - now.Sub(window.start)
		return &detailedError{name: "ratelimited", retryAfter: max(1, int((rest+time.Second-1)/time.Second))}
	}
	return nil
}
