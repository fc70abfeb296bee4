package office

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/prompt"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/phone"
)

// document is a house with two SIP agents, a telephone and a carrier.
const document = `
site: {id: test, name: Prueba, country: ES, language: es, timezone: Europe/Madrid}
listen: {sip: 10.0.0.1:5060, web: 127.0.0.1:8080, rtp: 20000-20999}
board: {kind: sim, socket: sim.sock, fxo: 2, fxs: 2}
lines:
  - {id: L1, socket: fxo1, number: "910000001", flow: main}
  - {id: L2, socket: fxo2, number: "910000002", flow: main}
phones:
  - {ext: "101", name: Recepción, socket: fxs1}
  - {ext: "102", name: Ventas, socket: fxs2}
  - {ext: "201", name: Ana, sip: true, password: secret-of-201}
  - {ext: "202", name: Bruno, sip: true, password: secret-of-202}
trunks:
  - {id: carrier, server: "10.9.0.1:5060", from: ["10.9.0.1/32"], number: "912000000", flow: main, calls: 30}
operator: "101"
queues:
  - {id: ventas, name: {es: Ventas, en: Sales}, ext: "301", ring: 20s, acw: 15s, max_wait: 10m, announce: 30s, backoff: 10s, threshold: 3, wait_limit: 3m, target: 20s, goal: 80}
agents:
  - {id: ana, name: Ana, number: "1", queues: [ventas], phone: "201"}
  - {id: bruno, name: Bruno, number: "2", queues: [ventas], phone: "202"}
pauses:
  - {key: "1", id: descanso, name: {es: Descanso, en: Break}}
features: {login: "*11", logout: "*12", pause: "*13", unpause: "*14"}
outside:
  prefix: "0"
  emergency: ["112"]
  routes:
    - {name: nacional, classes: [national, mobile], via: [carrier, L2]}
flows:
  - name: main
    start: menu
    nodes:
      menu:
        menu: {"1": ventas, "0": operador}
        say: [main-menu]
        direct: true
        barge_in: true
        timeout: 5s
        between: 3s
        invalids: 3
        timeouts: 2
        say_invalid: [invalid-key]
        say_timeout: [no-key]
        on_invalid: operador
        on_timeout: operador
      ventas: {queue: ventas, next: operador}
      operador: {dial: operator, next: fin}
      fin: {hangup: true, say: [goodbye]}
limits: {calls: 40, longest: 2h, ring_time: 25s}
`

// bubble runs f with a running office in virtual time.
func bubble(t *testing.T, seed uint64, f func(*Office)) {
	t.Helper()
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	run(t, seed, document, pack, f)
}

func run(t *testing.T, seed uint64, doc string, pack *prompt.Pack, f func(*Office)) {
	synctest.Test(t, func(t *testing.T) {
		o := Open(t, seed, doc, pack)
		defer o.Stop()
		f(o)
	})
}

// agent registers a SIP phone of the house.
func (o *Office) agent(ext, host string, answer func(*phone.Call)) *phone.Phone {
	o.T.Helper()
	p := o.Phone(host, phone.Account{User: ext, Password: "secret-of-" + ext})
	p.OnCall = answer
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	o.must(p.Register(ctx))
	return p
}

// A caller from the carrier keys the menu, waits, is answered, and the two hear
// each other and nobody else.
func TestCallerIsServed(t *testing.T) {
	bubble(t, 1, func(o *Office) {
		var got *phone.Call
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) {
			got = c
			c.Ring()
			<-time.After(2 * time.Second)
			c.Answer()
			c.Tone(600)
		})
		defer ana.Close()
		carrier := o.Phone(Far, phone.Account{User: "600123456", Name: "Juan Pérez"})
		defer carrier.Close()
		c := carrier.Call("912000000")
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		o.must(c.WaitUp(ctx))
		<-time.After(time.Second)
		c.SendDigits("1", phone.RFC4733)
		o.Until("the agent's phone is answered", 20*time.Second, func() bool { return len(o.House().View().Calls) == 1 && o.House().View().Calls[0].Connected })
		c.Tone(1000)
		c.Forget()
		got.Forget()
		<-time.After(3 * time.Second)
		if p := phone.Power(c.Heard(), 600); p < 0.8 {
			o.T.Errorf("the caller hears the agent with a share of %.2f", p)
		}
		if p := phone.Power(got.Heard(), 1000); p < 0.8 {
			o.T.Errorf("the agent hears the caller with a share of %.2f", p)
		}
		if p := phone.Power(got.Heard(), 600); p > 0.05 {
			o.T.Errorf("the agent hears himself with a share of %.2f", p)
		}
		if got.From != "600123456" || !strings.Contains(got.Name, "Juan") {
			o.T.Errorf("the agent sees %q %q", got.From, got.Name)
		}
		c.HangUp()
		o.Until("the call is over", 5*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
		<-time.After(time.Second)
		recs := o.Records()
		if len(recs) != 1 {
			o.T.Fatalf("%d records", len(recs))
		}
		r := recs[0]
		if s := fmt.Sprintf("%s %s %s %s %s %s %s %v", r.Queue, r.Agent, r.EndedBy, r.Cause, r.Port, r.From, r.To, r.FlowPath); s != "ventas ana caller normal carrier 600123456 912000000 [menu ventas]" {
			o.T.Errorf("record %s: %+v", s, r)
		}
		if r.Answered.IsZero() || r.Queued.IsZero() || r.Connected.IsZero() || r.Ended.IsZero() || r.Talk < 3*time.Second {
			o.T.Errorf("times: %+v", r)
		}
	})
}

// A caller on an analog line is put through to a SIP agent; he hears him and
// hangs up by dropping the loop.
func TestLineToAgent(t *testing.T) {
	bubble(t, 2, func(o *Office) {
		var got *phone.Call
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { got = c; c.Ring(); c.Answer(); c.Tone(600) })
		defer ana.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		copper := o.Copper()
		defer copper.Close()
		line, err := copper.Line(1)
		o.must(err)
		c, err := line.Call(linesim.Caller{Number: "600123456", Name: "Juan"})
		o.must(err)
		_, err = c.WaitAnswer(ctx)
		o.must(err)
		<-time.After(500 * time.Millisecond)
		o.must(c.Press(ctx, "1"))
		o.Until("connected", 20*time.Second, func() bool { v := o.House().View(); return len(v.Calls) == 1 && v.Calls[0].Connected })
		c.Hum(1000, -10)
		<-time.After(3 * time.Second)
		if l := c.Level(600, time.Second); l < -20 {
			o.T.Errorf("the caller hears the agent at %.0f dBm0", l)
		}
		if p := phone.Power(tail(got.Heard(), 2000), 1000); p < 0.8 {
			o.T.Errorf("the agent hears the caller with a share of %.2f", p)
		}
		if got.From != "600123456" || got.Name != "Juan" {
			o.T.Errorf("the agent sees %q %q", got.From, got.Name)
		}
		c.HangUp()
		o.Until("over", 10*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
		<-time.After(2 * time.Second)
		if !line.Free() {
			o.T.Error("the line is not free")
		}
		r := o.Records()[0]
		if r.Port != "L1" || r.EndedBy != tel.ByCaller || r.Cause != tel.CauseNormal || !strings.Contains(r.Evidence, "loop current") {
			o.T.Errorf("record %+v", r)
		}
	})
}

// An analog telephone dials a SIP phone, a forbidden number, an outside number
// over a line, and logs an agent in.
func TestTelephoneDials(t *testing.T) {
	bubble(t, 3, func(o *Office) {
		bruno := o.agent("202", "10.0.0.22", func(c *phone.Call) { c.Ring(); <-time.After(time.Second); c.Answer(); c.Tone(600) })
		defer bruno.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		copper := o.Copper()
		defer copper.Close()
		p, err := copper.Phone(1)
		o.must(err)

		o.must(p.Dial(ctx, "202"))
		o.Until("202 answers", 20*time.Second, func() bool { v := o.House().View(); return len(v.Calls) == 1 && v.Calls[0].Connected })
		<-time.After(2 * time.Second)
		if l := p.Level(600, time.Second); l < -20 {
			o.T.Errorf("the telephone hears the other at %.0f dBm0", l)
		}
		o.must(p.OnHook())
		o.Until("over", 5*time.Second, func() bool { return len(o.House().View().Calls) == 0 })

		o.must(p.Dial(ctx, "0807123456"))
		o.must(p.WaitTone(ctx, plan.Congestion))
		o.must(p.OnHook())
		<-time.After(time.Second)

		line, err := copper.Line(2)
		o.must(err)
		o.must(p.Dial(ctx, "0910111222"))
		c, err := line.Dialled(ctx)
		o.must(err)
		if c.Dialled != "910111222" {
			o.T.Errorf("the exchange heard %q", c.Dialled)
		}
		<-time.After(4 * time.Second)
		p.Hum(700, -10)
		<-time.After(2 * time.Second)
		if l := c.Level(700, time.Second); l < -25 {
			o.T.Errorf("the far end hears the telephone at %.0f dBm0", l)
		}
		o.must(p.OnHook())
		o.must(c.WaitOver(ctx))

		o.must(p.Dial(ctx, "*111"))
		o.Until("ana is logged in at 101", 10*time.Second, func() bool { a := o.House().View().Agents[0]; return a.Ext == "101" })
		o.must(p.OnHook())
		o.Until("ana is ready", 10*time.Second, func() bool { return o.House().View().Agents[0].State == "ready" })

		var got []string
		for _, r := range o.Records() {
			got = append(got, fmt.Sprintf("%s %s>%s %s", r.Direction, r.From, r.To, r.Cause))
		}
		if s := strings.Join(got, ", "); s != "internal 101>202 normal, out 101>0807123456 forbidden, out 101>0910111222 normal" {
			o.T.Errorf("records: %s", s)
		}
	})
}

// A restart changes nothing for the people: who sat at a phone sits there again,
// who was in a pause or had gone home still is, and the day's sums go on. An
// emergency call is an alarm while it lasts.
func TestRestartKeepsThePeople(t *testing.T) {
	bubble(t, 4, func(o *Office) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { c.Answer() })
		defer ana.Close()
		carrier := o.Phone(Far, phone.Account{User: "600123456"})
		defer carrier.Close()
		c := carrier.Call("912000000")
		o.must(c.WaitUp(ctx))
		<-time.After(time.Second)
		c.SendDigits("1", phone.RFC4733)
		o.Until("ana talks", 20*time.Second, func() bool { return o.House().View().Agents[0].State == "talking" })
		c.HangUp()

		copper := o.Copper()
		p, err := copper.Phone(2)
		o.must(err)
		for _, code := range []string{"*112", "*131"} { // bruno sits down at 102, and takes a break
			o.must(p.Dial(ctx, code))
			<-time.After(4 * time.Second)
			o.must(p.OnHook())
			<-time.After(time.Second)
		}
		o.must(p.Dial(ctx, "112"))
		o.Until("the alarm", 10*time.Second, func() bool {
			a := o.House().View().Alarms
			return len(a) > 0 && strings.HasPrefix(a[0].ID, "emergency.")
		})
		if a := o.House().View().Alarms[0]; !strings.Contains(a.ES, "112") || !strings.Contains(a.HintES, "102") || a.Rank != view.Urgent {
			o.T.Errorf("alarm %+v", a)
		}
		o.must(p.OnHook())
		o.Until("the alarm is over", 10*time.Second, func() bool {
			return !slices.ContainsFunc(o.House().View().Alarms, func(a view.Alarm) bool { return strings.HasPrefix(a.ID, "emergency.") })
		})
		o.must(copper.Close())
		<-time.After(20 * time.Second) // ana's wrap-up ends

		o.Stop()
		o.Start()
		v := o.House().View()
		got := fmt.Sprintf("%s %s, %s %s %s", v.Agents[0].Ext, v.Agents[0].State, v.Agents[1].Ext, v.Agents[1].State, v.Agents[1].Reason)
		if got != "201 unreachable, 102 not ready descanso" {
			o.T.Errorf("after the restart: %s", got)
		}
		if q := v.Queues[0]; q.Answered != 1 || q.InTarget != 1 || v.Agents[0].Today != 1 || len(v.Last) < 2 {
			o.T.Errorf("after the restart: queue %+v, ana %+v, %d last calls", q, v.Agents[0], len(v.Last))
		}
		left := 0
		for _, f := range o.Facts() {
			if strings.Contains(string(f.Body), "power lost") {
				o.T.Errorf("a farewell was taken for a power cut: %s", f.Body)
			}
			if f.Boot == 1 && strings.Contains(string(f.Body), `"state":"logged out","reason":"shutdown"`) {
				left++
			}
		}
		if left != 2 {
			o.T.Errorf("%d agents are booked as leaving with the stop, want 2", left)
		}
	})
}

// tail is the last n of the samples: little enough that a clock still settling by
// some hundred parts per million keeps a tone in its place.
func tail(s []int16, n int) []int16 { return s[max(0, len(s)-n):] }
