package view

import "time"

// Health is what the health LED of the box shows.
type Health uint8

// States of the health LED.
const (
	Sound Health = iota
	NeedsAttention
	Failed    // a dead line or service
	Unclaimed // nobody has claimed the box yet
	Accepted  // a button was accepted, shown for two seconds
)

// healths is the health row of design/pages.
var healths = [...]struct {
	name   string
	rhythm []Blink
}{
	Sound:          {"sound", []Blink{{Green, 0}}},
	NeedsAttention: {"attention", []Blink{{Amber, 1000 * ms}, {Dark, 1000 * ms}}},
	Failed:         {"failed", []Blink{{Red, 200 * ms}, {Dark, 200 * ms}, {Red, 200 * ms}, {Dark, 1400 * ms}}},
	Unclaimed:      {"unclaimed", []Blink{{Green, 1000 * ms}, {Amber, 1000 * ms}}},
	Accepted:       {"accepted", []Blink{{Amber, 200 * ms}, {Dark, 200 * ms}}},
}

// Healths returns all states.
func Healths() []Health { return []Health{Sound, NeedsAttention, Failed, Unclaimed, Accepted} }

// String returns the state's name in data and CSS.
func (h Health) String() string { return healths[min(int(h), len(healths)-1)].name }

// Rhythm returns how the LED shows it.
func (h Health) Rhythm() []Blink { return healths[min(int(h), len(healths)-1)].rhythm }

// Health returns the state that the worst of the alarms asks for; that the box has no
// owner yet is worse than what wants attention.
func (s *Snapshot) Health() Health {
	h := Sound
	if s.Unclaimed != nil {
		h = Unclaimed
	}
	for _, a := range s.Alarms {
		switch {
		case a.Rank >= Urgent:
			return Failed
		case a.Rank == Attention && h == Sound:
			h = NeedsAttention
		}
	}
	return h
}

// ColourAt returns the colour of rhythm at the instant at, and the instant at
// which it changes next; that is zero for a steady one. All rhythms of one
// period beat together, whenever they began.
func ColourAt(rhythm []Blink, at time.Time) (c Colour, next time.Time) {
	var whole time.Duration
	for _, p := range rhythm {
		whole += p.Time
	}
	if len(rhythm) == 0 {
		return Dark, time.Time{}
	}
	if whole <= 0 {
		return rhythm[0].Colour, time.Time{}
	}
	into := time.Duration(at.UnixNano() % int64(whole))
	start := at.Add(-into)
	var end time.Duration
	for _, p := range rhythm {
		end += p.Time
		if into < end {
			return p.Colour, start.Add(end)
		}
	}
	return rhythm[len(rhythm)-1].Colour, start.Add(whole)
}
