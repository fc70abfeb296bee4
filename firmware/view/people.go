package view

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
)

// Mask returns a number as it may be shown in public: three dots and its last
// three digits. Extensions of up to three digits stay; none is said as "···".
func Mask(n tel.Number) string {
	if n == "" {
		return "···"
	}
	if len(n) <= 3 {
		return string(n)
	}
	return "··· " + string(n[len(n)-3:])
}

// FirstName returns the first word of a person's name.
func FirstName(name string) string {
	if f := strings.Fields(name); len(f) > 0 {
		return f[0]
	}
	return ""
}

// QueueLamp returns the lamp of a queue: dead with threshold callers or more
// waiting, or when the longest wait has reached limit; warn one caller or a
// quarter of the limit before that. A threshold or limit of 0 is none.
func QueueLamp(waiting, threshold int, longest, limit time.Duration) Lamp {
	if waiting == 0 {
		return Idle
	}
	switch {
	case threshold > 0 && waiting >= threshold, limit > 0 && longest >= limit:
		return Dead
	case threshold > 1 && waiting >= threshold-1, limit > 0 && longest >= limit-limit/4:
		return Warn
	}
	return Idle
}

// NameIn returns the queue's name in lang, or its only name, or its id.
func (q Queue) NameIn(lang tel.Lang) string {
	name, other := q.NameES, q.NameEN
	if lang == tel.English {
		name, other = other, name
	}
	switch {
	case name != "":
		return name
	case other != "":
		return other
	}
	return string(q.ID)
}

// Longest returns the instant since which the first of the waiting waits.
func (q Queue) Longest() (since time.Time, ok bool) {
	for _, w := range q.Waiting {
		if !ok || w.Since.Before(since) {
			since, ok = w.Since, true
		}
	}
	return since, ok
}

// Text returns what and hint in lang.
func (a Alarm) Text(lang tel.Lang) (what, hint string) {
	if lang == tel.English {
		return a.EN, a.HintEN
	}
	return a.ES, a.HintES
}

// reasons are what makes an agent not ready without a pause of his own.
var reasons = [...]struct{ reason, es, en string }{
	{"login", "Sin empezar", "Not started"},
	{string(tel.CauseNoAnswer), "No contestó", "No answer"},
	{string(tel.CauseRefused), "Rechazó", "Refused"},
	{string(tel.CauseBusy), "Ocupado", "Busy"},
	{string(tel.CauseUnreachable), "Sin teléfono", "No phone"},
}

// ReasonIn returns why the agent is not ready, for people: the pause's name in
// lang, or its id; empty when there is no reason.
func (a Agent) ReasonIn(lang tel.Lang) string {
	name := a.ReasonES
	if lang == tel.English {
		name = a.ReasonEN
	}
	if name == "" {
		name = a.Reason
		for _, r := range reasons {
			if r.reason == a.Reason && lang == tel.English {
				name = r.en
			} else if r.reason == a.Reason {
				name = r.es
			}
		}
	}
	name = tel.CleanText(name).String()
	first, n := utf8.DecodeRuneInString(name)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + name[n:]
}

// Duration writes d for people: "0:14", "3:42", "1:02:09"; never negative.
func Duration(d time.Duration) string {
	s := max(0, int(d/time.Second))
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// TimeOfDay writes the time of t in its own zone: 24 hours, no leading zero.
func TimeOfDay(t time.Time) string { return fmt.Sprintf("%d:%02d", t.Hour(), t.Minute()) }

// TrunkLamps returns one lamp for each channel of t: first its calls in their
// order, each with its own lamp, then the free ones.
func (s *Snapshot) TrunkLamps(t Trunk) []Lamp {
	lamps := make([]Lamp, 0, t.Size)
	for _, c := range s.Calls {
		if c.Port == string(t.ID) && len(lamps) < t.Used {
			lamps = append(lamps, c.Lamp)
		}
	}
	for len(lamps) < t.Used {
		lamps = append(lamps, Talk) // in use by a call of another kind
	}
	free := Idle
	if t.Lamp == Dead || t.Lamp == Unknown || t.Lamp == Off {
		free = t.Lamp
	}
	for len(lamps) < t.Size {
		lamps = append(lamps, free)
	}
	return lamps
}
