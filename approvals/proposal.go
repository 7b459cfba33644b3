package approvals

import "time"

// A Proposal is what the card shows and what consent is given to.
type Proposal struct {
	Group  Group     `json:"group"`
	Change Change    `json:"change"`
	Quotas []Quota   `json:"quotas,omitempty"`
	Seats  []Seats   `json:"seats,omitempty"` // of the codes concerned
	ReadAt time.Time `json:"read_at"`

	CodesUntold bool `json:"codes_untold,omitempty"` // of a foreign request: the channel does not tell all codes

	QuotasKnown bool `json:"quotas_known,omitempty"` // UiPath showed the seat limits, even if there were none

	UsesExternal bool `json:"uses_external,omitempty"` // UiPath showed that external licenses are used

	Ends map[string]time.Time `json:"ends,omitempty"` // when the extended codes would go otherwise
}

// dedupKey names the change and how long it lasts: no two open requests have
// the same.
func (p Proposal) dedupKey(ask Ask) string {
	name := "group " + p.Group.ID
	for _, code := range Union(p.Change.Add, nil) {
		name += " +" + code
	}
	for _, code := range Union(p.Change.Remove, nil) {
		name += " -" + code
	}
	for _, code := range Union(p.Change.Extend, nil) {
		name += " ~" + code
	}
	for _, q := range p.Change.Quotas {
		name += " " + q.String()
	}
	if p.Change.Exact {
		name += " exactly"
	}
	if ask.For > 0 {
		name += " for " + ask.For.String()
	}
	if !ask.Until.IsZero() {
		name += " until " + ask.Until.UTC().Format(time.RFC3339)
	}
	return name
}
