package peers

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/phone"
)

// A caller on an analog line is put through to a SIP agent; both hear each
// other, the agent hangs up first, and the line's loop is opened.
func TestLineToAgentWhoHangsUp(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	got := make(chan *phone.Call, 1)
	d.Desk("201", func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(600); got <- c })
	line, err := d.Copper().Line(1)
	must(t, err)
	c, err := line.Call(linesim.Caller{Number: "600123456", Name: "Juan"})
	must(t, err)
	_, err = c.WaitAnswer(soon(t))
	must(t, err)
	must(t, c.WaitSpeech(soon(t), 0))
	must(t, c.Press(soon(t), "1"))
	a := <-got
	c.Hum(1000, -10)
	Hears(t, "the caller", c, 600, 1000)
	Hears(t, "the agent", a, 1000, 600)
	if a.From != "600123456" || a.Name != "Juan" {
		t.Errorf("the agent sees %q %q", a.From, a.Name)
	}
	a.HangUp()
	must(t, c.WaitOver(soon(t)))
	if over, byBoard := c.Over(); !over || !byBoard {
		t.Errorf("over %t, by the board %t", over, byBoard)
	}
	must(t, line.WaitFree(soon(t)))
	r := d.Ended(1)[0]
	if r.Direction != "in" || r.Port != "L1" || r.From != "600123456" || r.To != "910000001" || r.Agent != "ana" || r.EndedBy != "agent" ||
		r.Cause != "normal" || !strings.Contains(r.Evidence, "BYE") {
		t.Errorf("record %+v", r)
	}
	d.UntilView("the line is idle", func(s *view.Snapshot) bool { return s.Lines[0].Lamp == view.Idle })
}

// Telephones and SIP phones of the house call each other in every way.
func TestPhonesOfTheHouse(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	got := make(chan *phone.Call, 1)
	d.Desk("201", func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(600); got <- c })
	bruno := d.Desk("202", nil)
	copper := d.Copper()
	first, err := copper.Phone(1)
	must(t, err)
	second, err := copper.Phone(2)
	must(t, err)

	// A telephone calls a SIP phone.
	must(t, first.Dial(soon(t), "201"))
	a := <-got
	first.Hum(1000, -10)
	Hears(t, "the telephone", first, 600, 1000)
	Hears(t, "the SIP phone", a, 1000, 600)
	if a.From != "101" || a.Name != "Recepción" {
		t.Errorf("the SIP phone shows %q %q", a.From, a.Name)
	}
	first.Quiet()
	must(t, first.OnHook())
	must(t, a.WaitEnd(soon(t)))
	d.Quiet()

	// A SIP phone calls a telephone, which shows who it is after its double ring.
	c := bruno.Call("101")
	number, name, err := first.WaitRing(soon(t), 3)
	must(t, err)
	if number != "202" || name != "Bruno" {
		t.Errorf("the telephone shows %q %q", number, name)
	}
	must(t, first.OffHook())
	must(t, c.WaitUp(soon(t)))
	first.Hum(1000, -10)
	c.Tone(600)
	Hears(t, "the telephone", first, 600, 1000)
	Hears(t, "the SIP phone", c, 1000, 600)
	first.Quiet()
	c.HangUp()
	must(t, first.WaitTone(soon(t), plan.Busy))
	must(t, first.OnHook())
	d.Quiet()

	// A telephone calls a telephone.
	must(t, first.Dial(soon(t), "102"))
	_, _, err = second.WaitRing(soon(t), 1)
	must(t, err)
	must(t, first.WaitTone(soon(t), plan.Ringback))
	must(t, second.OffHook())
	d.UntilView("the two are through", connected(1))
	first.Hum(1000, -10)
	second.Hum(600, -10)
	Hears(t, "the first", first, 600, 1000)
	Hears(t, "the second", second, 1000, 600)
	must(t, second.OnHook())
	must(t, first.WaitTone(soon(t), plan.Busy))
	must(t, first.OnHook())

	var story []string
	for _, r := range d.Ended(3) {
		story = append(story, r.Direction+" "+r.From+">"+r.To+" "+r.EndedBy+" "+r.Cause)
	}
	if s := strings.Join(story, ", "); s != "internal 101>201 caller normal, internal 202>101 caller normal, internal 101>102 called normal" {
		t.Errorf("records: %s", s)
	}
}

// Feature codes are confirmed by a voice; what no route permits is refused with
// congestion tone, and both ends are in the book.
func TestCodesAndForbiddenNumbers(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	copper := d.Copper()
	p, err := copper.Phone(1)
	must(t, err)
	must(t, p.Dial(soon(t), "*112"))
	must(t, p.WaitSpeech(soon(t), 300*time.Millisecond))
	d.UntilView("bruno is at 101", func(s *view.Snapshot) bool { return agent(s, "bruno").Ext == "101" })
	must(t, p.OnHook())
	d.UntilView("bruno is ready", func(s *view.Snapshot) bool { return agent(s, "bruno").State == "ready" })

	sip := d.Desk("202", nil)
	c := sip.Call("*112") // he moves to another place
	must(t, c.WaitUp(soon(t)))
	Speaks(t, "the SIP phone", c)
	must(t, c.WaitEnd(soon(t)))
	d.UntilView("bruno is at 202", func(s *view.Snapshot) bool {
		a := agent(s, "bruno")
		return a.Ext == "202" && a.State == "ready"
	})
	c = sip.Call("*12")
	must(t, c.WaitUp(soon(t)))
	Speaks(t, "the SIP phone", c)
	d.UntilView("bruno has left", func(s *view.Snapshot) bool { return agent(s, "bruno").Ext == "" })

	must(t, p.Dial(soon(t), "000442071234567#")) // abroad
	must(t, p.WaitTone(soon(t), plan.Congestion))
	must(t, p.OnHook())
	c = sip.Call("0807123456") // premium
	must(t, c.WaitEnd(soon(t)))
	if code, _ := c.End(); code != 403 {
		t.Errorf("a forbidden number is refused with %d, want 403", code)
	}
	for _, r := range d.Ended(2) {
		if r.Direction != "out" || r.Cause != "forbidden" || r.EndedBy != "system" || r.Evidence == "" || r.Answered != nil {
			t.Errorf("record %+v", r)
		}
	}
}

// Both lines are in use when somebody calls 112: a call is cleared for it. A
// second emergency does not clear the first.
func TestEmergencyClearsALine(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	copper := d.Copper()
	var callers []*linesim.Call
	var lines []*linesim.Line
	for n := range 2 {
		line, err := copper.Line(n + 1)
		must(t, err)
		c, err := line.Call(linesim.Caller{Number: "60012345" + string('6'+rune(n))})
		must(t, err)
		_, err = c.WaitAnswer(soon(t))
		must(t, err)
		callers, lines = append(callers, c), append(lines, line)
	}
	p, err := copper.Phone(1)
	must(t, err)
	must(t, p.Dial(soon(t), "112"))
	out := dialled(t, lines[1]) // the route names L2 first
	if out.Dialled != "112" {
		t.Errorf("the exchange heard %q", out.Dialled)
	}
	if over, byBoard := callers[1].Over(); !over || !byBoard {
		t.Errorf("the call on L2: over %t, by the board %t", over, byBoard)
	}
	out.Hum(600, -10)
	p.Hum(1000, -10)
	Hears(t, "who called", p, 600, 1000)
	Hears(t, "the emergency centre", out, 1000, 600)

	sip := d.Desk("202", nil)
	c := sip.Call("112")
	second := dialled(t, lines[0])
	if second.Dialled != "112" {
		t.Errorf("the exchange heard %q", second.Dialled)
	}
	must(t, c.WaitUp(soon(t)))
	second.Hum(700, -10) // the line says nothing of an answer: a voice shows it
	d.UntilView("both emergencies are answered", connected(2))
	Hears(t, "who called first", p, 600, 1000)
	c.HangUp()
	must(t, second.WaitOver(soon(t)))
	must(t, p.OnHook())
	must(t, out.WaitOver(soon(t)))

	cleared, urgent := 0, 0
	for _, r := range d.Ended(4) {
		switch {
		case r.Direction == "in" && r.EndedBy == "system" && r.Cause == "cancelled" && r.Evidence == "cleared for an emergency call":
			cleared++
		case r.Direction == "out" && r.To == "112" && r.Connected != nil && r.EndedBy == "caller" && r.Cause == "normal":
			urgent++
		default:
			t.Errorf("record %+v", r)
		}
	}
	if cleared != 2 || urgent != 2 {
		t.Errorf("%d calls cleared for %d emergencies, want 2 for 2", cleared, urgent)
	}
}

// dialled waits for the call the board makes on a line, and until it is answered.
func dialled(t *testing.T, l *linesim.Line) *linesim.Call {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := l.Dialled(ctx)
	must(t, err)
	_, err = c.WaitAnswer(ctx)
	must(t, err)
	return c
}
