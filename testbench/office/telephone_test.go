package office

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/phone"
)

// kinds returns what the book says of the second parties of a call, in order.
func (o *Office) kinds(of tel.CallID) (out []string) {
	o.T.Helper()
	for _, r := range o.Facts() {
		f, err := r.Fact()
		o.must(err)
		switch f.Kind {
		case call.HoldOn, call.HoldOff, call.ConsultOn, call.ConsultUp, call.ConsultOff, call.ConferOn, call.ConferOff,
			call.Transferred, call.TransferFailed, call.Recalled, call.Connected, call.Ended:
			if f.Call == of {
				out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s%s %s", f.Kind, f.Ext, f.To, f.Reason)))
			}
		}
	}
	return out
}

// louder fails unless the telephone hears one tone at 20 dB more than the other.
func (o *Office) louder(p *linesim.Phone, hz, than float64) {
	o.T.Helper()
	<-time.After(1500 * time.Millisecond)
	if a, b := p.Level(hz, time.Second), p.Level(than, time.Second); a < -25 || a < b+20 {
		o.T.Errorf("the telephone hears %.0f Hz at %.0f dBm0 and %.0f Hz at %.0f dBm0", hz, a, than, b)
	}
}

// served brings a caller of the carrier, who hums 1000 Hz, to telephone 101.
func (o *Office) served(ctx context.Context, p *linesim.Phone) (*phone.Phone, *phone.Call) {
	o.T.Helper()
	carrier := o.Phone(Far, phone.Account{User: "600123456", Name: "Juan Pérez"})
	c := carrier.Call("912000000")
	o.must(c.WaitUp(ctx))
	<-time.After(time.Second)
	c.SendDigits("0", phone.RFC4733)
	_, _, err := p.WaitRing(ctx, 2)
	o.must(err)
	if m, ok := p.HeardID(); !ok || m.Number != "600123456" || !strings.HasPrefix(m.Name, "Juan") || !m.Date.Valid() {
		o.T.Errorf("the telephone's display heard %t %+v", ok, m.Info)
	}
	o.must(p.OffHook())
	o.Until("connected", 5*time.Second, func() bool { v := o.House().View(); return len(v.Calls) == 1 && v.Calls[0].Connected })
	c.Tone(1000)
	return carrier, c
}

// A telephone holds its caller, talks to a colleague, goes back and forth, joins
// all three, and leaves the two together; each hears whom he should.
func TestTelephoneHandsOver(t *testing.T) {
	bubble(t, 31, func(o *Office) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		var got *phone.Call
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { got = c; c.Ring(); <-time.After(3 * time.Second); c.Answer(); c.Tone(600) })
		defer ana.Close()
		copper := o.Copper()
		defer copper.Close()
		p, err := copper.Phone(1)
		o.must(err)
		carrier, c := o.served(ctx, p)
		defer carrier.Close()
		o.louder(p, 1000, 600)

		o.must(p.Flash())
		o.must(p.WaitTone(ctx, plan.Dial)) // behind the three bursts
		o.must(p.Press(ctx, "201"))
		o.must(p.WaitTone(ctx, plan.Ringback))
		o.louder(p, 600, 1000)
		if got.From != "101" {
			o.T.Errorf("the colleague sees %q call", got.From)
		}
		o.must(p.Flash())
		o.louder(p, 1000, 600)
		o.must(p.Flash())
		o.louder(p, 600, 1000)
		o.must(p.Press(ctx, "3"))
		<-time.After(1500 * time.Millisecond)
		if a, b := p.Level(1000, time.Second), p.Level(600, time.Second); a < -25 || b < -25 {
			o.T.Errorf("in the conference: %.0f and %.0f dBm0", a, b)
		}
		o.must(p.OnHook())
		<-time.After(time.Second)
		c.Forget()
		got.Forget()
		<-time.After(2 * time.Second)
		if a, b := phone.Power(c.Heard(), 600), phone.Power(got.Heard(), 1000); a < 0.8 || b < 0.8 {
			o.T.Errorf("left together they hear each other with shares of %.2f and %.2f", a, b)
		}
		got.HangUp()
		o.Until("over", 5*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
		<-time.After(time.Second)
		r := o.Records()
		if len(r) != 1 || r[0].EndedBy != tel.ByCalled || r[0].Cause != tel.CauseNormal || r[0].Hold < 3*time.Second || r[0].Talk < 15*time.Second {
			o.T.Fatalf("records %+v", r)
		}
		want := []string{"call.connected 101", "hold.on", "consult.began 201", "consult.connected 201", "hold.off", "hold.on", "hold.off",
			"conference.on 201", "call.transferred 101201 attended", "call.connected 201", "call.ended"}
		if k := o.kinds(r[0].ID); !slices.Equal(k, want) {
			o.T.Errorf("the book says\n%s\nwant\n%s", strings.Join(k, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Nobody is lost: a colleague who does not answer, and a telephone that hangs up
// on a caller on hold, bring him back to the telephone, which rings as a callback.
func TestNobodyIsLostOnHold(t *testing.T) {
	bubble(t, 32, func(o *Office) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { c.Ring() })
		defer ana.Close()
		copper := o.Copper()
		defer copper.Close()
		p, err := copper.Phone(1)
		o.must(err)
		carrier, c := o.served(ctx, p)
		defer carrier.Close()

		o.must(p.Flash())
		o.must(p.WaitTone(ctx, plan.Dial))
		o.must(p.Press(ctx, "201"))
		o.must(p.WaitTone(ctx, plan.Ringback))
		o.must(p.OnHook())
		_, _, err = p.WaitRing(ctx, 3) // after the colleague's time to answer
		o.must(err)
		o.must(p.OffHook())
		o.louder(p, 1000, 600)

		o.must(p.Flash())
		o.must(p.WaitTone(ctx, plan.Dial))
		o.must(p.OnHook())
		_, _, err = p.WaitRing(ctx, 1)
		o.must(err)
		o.must(p.OffHook())
		o.louder(p, 1000, 600)
		c.HangUp()
		o.must(p.WaitTone(ctx, plan.Busy))
		if n := p.Drops(); n != 1 {
			o.T.Errorf("%d disconnect pulses", n)
		}
		o.must(p.OnHook())
		<-time.After(time.Second)
		want := []string{"call.connected 101", "hold.on", "consult.began 201", "hold.off", "call.transferred 101201 blind", "transfer.failed 101201",
			"call.recalled 101 nobody answered in", "call.connected 101", "hold.on", "hold.off", "call.recalled 101 he was left on hold", "call.connected 101", "call.ended"}
		k := o.kinds(o.Records()[0].ID)
		if !slices.EqualFunc(k, want, strings.HasPrefix) {
			o.T.Errorf("the book says\n%s\nwant\n%s", strings.Join(k, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Messages wait: the lamp goes on, the display is told while the telephone is on
// hook, the dial tone stutters, and a restart forgets nothing.
func TestMessagesWait(t *testing.T) {
	bubble(t, 33, func(o *Office) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		copper := o.Copper()
		p, err := copper.Phone(1)
		o.must(err)
		told := func(lamp cid.Lamp, n int) {
			o.T.Helper()
			o.Until("the display is told", 10*time.Second, func() bool {
				m, ok := p.HeardID()
				return ok && m.Type == cid.Waiting && m.Lamp == lamp && m.Messages == n
			})
		}
		o.must(o.House().Messages(ctx, "101", 2))
		told(cid.LampOn, 2)
		if !p.Lamp() {
			o.T.Error("the lamp is dark")
		}
		o.must(copper.Close())
		o.Stop()
		o.Start()
		if n := o.House().View().Phones[0].Messages; n != 2 {
			o.T.Fatalf("after the restart %d messages wait", n)
		}
		copper = o.Copper()
		defer func() { o.must(copper.Close()) }()
		p, err = copper.Phone(1)
		o.must(err)
		o.must(p.OffHook())
		<-time.After(1400 * time.Millisecond)
		if n := stretches(tail(p.Heard(), 7200)); n < 4 || n > 6 {
			o.T.Errorf("the dial tone has %d bursts in 0.9 s", n)
		}
		o.must(p.OnHook())
		o.must(o.House().Messages(ctx, "101", 0))
		told(cid.LampOff, 0)
		if p.Lamp() {
			o.T.Error("the lamp still shines")
		}
	})
}

// stretches counts the sounds between pauses of 40 ms or more.
func stretches(s []int16) (n int) {
	quiet := 320
	for _, v := range s {
		if v > -100 && v < 100 {
			quiet++
			continue
		}
		if quiet >= 320 {
			n++
		}
		quiet = 0
	}
	return n
}

// Each country's telephones are told by sound who calls: before the bell behind a
// reversal, or after its first burst, by octets or by keys.
func TestTelephonesAreToldByTheirCountry(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		country string
		how     cid.Standard
		before  bool
	}{{"US", cid.Bell202, false}, {"GB", cid.V23, true}, {"BR", cid.DTMF, true}, {"FR", cid.V23, false}} {
		t.Run(c.country, func(t *testing.T) {
			run(t, 34, strings.Replace(document, "country: ES", "country: "+c.country, 1), pack, func(o *Office) {
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
				defer cancel()
				copper := o.Copper()
				defer copper.Close()
				p, err := copper.Phone(1)
				o.must(err)
				carrier := o.Phone(Far, phone.Account{User: "600123456", Name: "Juan Pérez"})
				defer carrier.Close()
				c2 := carrier.Call("912000000")
				o.must(c2.WaitUp(ctx))
				<-time.After(time.Second)
				c2.SendDigits("0", phone.RFC4733)
				_, _, err = p.WaitRing(ctx, 1)
				o.must(err)
				if _, ok := p.HeardID(); ok != c.before || p.Reversed() != c.before {
					o.T.Errorf("at the first burst: told %t, reversed %t", ok, p.Reversed())
				}
				_, _, err = p.WaitRing(ctx, 3)
				o.must(err)
				m, ok := p.HeardID()
				if !ok || m.Standard != c.how || m.Number != "600123456" || c.how != cid.DTMF && !m.Date.Valid() {
					o.T.Errorf("the display heard %t by %s: %+v", ok, m.Standard, m.Info)
				}
				o.must(p.OffHook())
				c2.Tone(1000)
				o.louder(p, 1000, 600)
				if p.Reversed() {
					o.T.Error("the wires are still reversed")
				}
			})
		})
	}
}

// Whoever lifts the receiver while caller id is being sent is answered at once.
func TestPickedUpWhileItIsTold(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	run(t, 35, strings.Replace(document, "country: ES", "country: GB", 1), pack, func(o *Office) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		copper := o.Copper()
		defer copper.Close()
		p, err := copper.Phone(1)
		o.must(err)
		carrier := o.Phone(Far, phone.Account{User: "600123456"})
		defer carrier.Close()
		c := carrier.Call("912000000")
		o.must(c.WaitUp(ctx))
		<-time.After(time.Second)
		c.SendDigits("0", phone.RFC4733)
		o.Until("the wires are reversed", 10*time.Second, p.Reversed)
		<-time.After(600 * time.Millisecond) // in the middle of it
		o.must(p.OffHook())
		c.Tone(1000)
		o.louder(p, 1000, 1300)
		if _, ok := p.HeardID(); ok || p.Ringing() {
			o.T.Errorf("told %t, ringing %t", ok, p.Ringing())
		}
		if v := o.House().View(); len(v.Calls) != 1 || !v.Calls[0].Connected {
			o.T.Error("he is not connected")
		}
	})
}

// A party on hold whose line lets go: whoever holds him hears that he left, and
// nobody is rung back for him.
func TestHeldLineLetsGo(t *testing.T) {
	bubble(t, 36, func(o *Office) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		copper := o.Copper()
		defer copper.Close()
		p, err := copper.Phone(1)
		o.must(err)
		l, err := copper.Line(1)
		o.must(err)
		c, err := l.Call(linesim.Caller{Number: "600123456"})
		o.must(err)
		_, err = c.WaitAnswer(ctx)
		o.must(err)
		<-time.After(500 * time.Millisecond)
		o.must(c.Press(ctx, "0"))
		_, _, err = p.WaitRing(ctx, 1)
		o.must(err)
		o.must(p.OffHook())
		<-time.After(2 * time.Second)
		o.must(p.Flash())
		o.must(p.WaitTone(ctx, plan.Dial))
		c.HangUp()
		o.must(p.WaitTone(ctx, plan.Busy))
		o.must(p.OnHook())
		<-time.After(10 * time.Second)
		if p.Ringing() || len(o.House().View().Calls) != 0 {
			o.T.Error("somebody is still called for him")
		}
		r := o.Records()[0]
		if r.EndedBy != tel.ByCaller || r.Cause != tel.CauseNormal || r.Hold == 0 || r.Evidence == "" {
			o.T.Errorf("record %+v", r)
		}
	})
}
