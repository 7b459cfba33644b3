package fakeslack

import "time"

// timeZone is a person's time zone as users.info tells it. Slack knows one of
// everybody; the offset is that of today, so it moves with summer time.
func (u *User) timeZone(now time.Time) (name, label string, offset int) {
	name, offset = u.TZ, u.TZOffset
	if name == "" {
		name = "Etc/UTC"
	}
	place, err := time.LoadLocation(name)
	if err != nil {
		return name, name, offset
	}
	label, seconds := now.In(place).Zone()
	if offset == 0 {
		offset = seconds
	}
	return name, label, offset
}
