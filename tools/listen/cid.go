package main

import (
	"fmt"
	"strings"

	"github.com/centralita/centralita/dsp/cid"
)

type cidCmd struct {
	Standard string `enum:"bell202,v23,dtmf,any" default:"any" help:"Listen to this standard only: bell202, v23, dtmf or any."`
	Text     bool   `help:"Print for people what the messages say."`
	File     string `arg:"" help:"Recording."`
}

// standards are the words of --standard; any is none of them.
var standards = map[string]cid.Standard{"bell202": cid.Bell202, "v23": cid.V23, "dtmf": cid.DTMF}

// Run prints the caller ids.
func (c *cidCmd) Run(e *ear) error {
	x, err := load(c.File, e.channel)
	if err != nil {
		return err
	}
	return e.say(callers(x, c.Standard), func(f finding) string {
		if c.Text {
			return f.more
		}
		return f.what
	})
}

// callers finds the messages of a standard, or of any: what is the message in
// hexadecimal, more what it says.
func callers(x []int16, standard string) []finding {
	r := cid.NewReceiver()
	if only, ok := standards[standard]; ok {
		for i := range r.Deaf {
			r.Deaf[i] = cid.Standard(i) != only
		}
	}
	var out []finding
	for _, m := range r.Feed(settled(x), nil) {
		out = append(out, finding{
			from: m.At, to: min(m.End, length(x)), kind: "cid",
			what: fmt.Sprintf("%X", m.Raw), more: m.Standard.String() + ": " + says(&m),
		})
	}
	return out
}

// kinds are the words for the types of messages.
var kinds = map[byte]string{
	cid.SingleCall: "call", cid.Call: "call", cid.SingleWaiting: "message waiting", cid.Waiting: "message waiting",
	cid.Charge: "charge", cid.ShortText: "short text",
}

// says puts a message into words.
func says(m *cid.Message) string {
	var out []string
	say := func(there bool, format string, v ...any) {
		if there {
			out = append(out, fmt.Sprintf(format, v...))
		}
	}
	say(m.Type != 0, "%s", kinds[m.Type])
	say(m.Number != "", "number %s", visible(m.Number))
	say(m.NoNumber != 0, "no number (%s)", absence(m.NoNumber))
	say(m.Name != "", "name %s", visible(m.Name))
	say(m.NoName != 0, "no name (%s)", absence(m.NoName))
	d := m.Date
	say(d != cid.Date{}, "date %02d-%02d %02d:%02d", d.Month, d.Day, d.Hour, d.Minute)
	say(m.Called != "", "called %s", visible(m.Called))
	say(m.FirstCalled != "", "first called %s", visible(m.FirstCalled))
	say(m.Redirecting != "", "redirected by %s", visible(m.Redirecting))
	say(m.Redirect != 0, "reason of redirection %d", m.Redirect)
	say(m.Qualifier != "", "qualifier %s", visible(m.Qualifier))
	say(m.Lamp == cid.LampOn, "lamp on")
	say(m.Lamp == cid.LampOff, "lamp off")
	say(m.Messages != 0, "%d messages wait", m.Messages)
	say(m.CallType != 0, "call type %d", m.CallType)
	say(m.Forward != 0, "forwarded call type %d", m.Forward)
	say(m.User != 0, "user type %d", m.User)
	say(m.Category != 0, "category %c", m.Category)
	say(m.Display != "", "display %s", visible(m.Display))
	for _, p := range m.Others {
		say(true, "parameter %02X %X", p.Type, p.Value)
	}
	return strings.Join(out, ", ")
}

// absence is why a number or a name is not there.
func absence(reason byte) string {
	switch reason {
	case cid.Private:
		return "private"
	case cid.Unavailable:
		return "unavailable"
	}
	return visible(string(rune(reason)))
}

// visible writes what came from a line so that it cannot harm a terminal.
func visible(s string) string { return fmt.Sprintf("%q", s) }
