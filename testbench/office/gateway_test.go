package office

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/testbench/phone"
)

// box is a SIP gateway with one line of the exchange: it registers as it was told,
// and a call from its line carries the caller's number in From, or its own name when
// the line gave none.
type box struct {
	*phone.Phone
	from string // the caller's number
}

// plugBox registers a box with the account of the trunk.
func (o *Office) plugBox(host string) *box {
	o.T.Helper()
	b := &box{Phone: o.Phone(host, phone.Account{User: "8130", Password: "hello"})}
	b.Sent = func(m sip.Message) {
		if r, ok := m.(*sip.Request); ok && r.Method != sip.REGISTER && b.from != "" {
			r.From().Address.User = b.from
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	o.must(b.Register(ctx))
	return b
}

// Every preset works with the few lines that board/gateways.md shows: the box
// registers, calls come in with caller id and without, keys are heard, a call goes
// out by one-stage dialling, and the box's BYE ends it.
func TestGatewaysByPreset(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, preset := range config.Presets() {
		t.Run(preset, func(t *testing.T) {
			doc := strings.Replace(document, "trunks:\n", fmt.Sprintf(
				"trunks:\n  - {id: linea, preset: %s, user: \"8130\", password: hello, number: \"913000000\", flow: main}\n", preset), 1)
			doc = strings.Replace(doc, "via: [carrier, L2]", "via: [linea]", 1)
			run(t, 4, doc, pack, func(o *Office) {
				ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { c.Ring(); c.Answer() })
				defer ana.Close()
				b := o.plugBox("10.0.0.50")
				defer b.Close()
				o.boxCallsIn(b, "600123456")
				o.boxCallsIn(b, "")
				o.boxIsCalled(b, ana)
				<-time.After(2 * time.Second)
				o.boxBooked()
			})
		})
	}
}

// The document of the boxes speaks of every preset, what it shows to be written is
// taken, and its disconnect tones are those of the country plans.
func TestGatewayDocument(t *testing.T) {
	raw, err := os.ReadFile("../../board/gateways.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	shown := map[string]bool{}
	for i, part := range strings.Split(doc, "```yaml\n")[1:] {
		yaml, _, _ := strings.Cut(part, "```")
		house := strings.Replace(document, "trunks:\n", strings.ReplaceAll(yaml, "flow: principal", "flow: main"), 1)
		cfg, problems := config.Parse(fmt.Sprintf("example %d", i+1), []byte(house), nil)
		for _, p := range problems {
			t.Error(p)
		}
		if cfg != nil {
			shown[cfg.Trunks[0].Preset] = true
		}
	}
	for _, p := range config.Presets() {
		if !shown[p] || !strings.Contains(doc, "\n## "+p+"\n") {
			t.Errorf("nothing is written of %s", p)
		}
	}
	for _, country := range plan.Countries() {
		p, _ := plan.For(country)
		busy := p.Signal(plan.Busy)
		a, b := busy.Hz[0], busy.Hz[len(busy.Hz)-1]
		short := func(ms int) string { return strings.TrimPrefix(fmt.Sprintf("%g", float64(ms)/1000), "0") }
		row := fmt.Sprintf("| %s | `f1=%g@-24,f2=%g@-24,c=%d/%d;` | `%g@-30,%g@-30;1(%s/%s/1+2)` |\n",
			country, a, b, busy.OnOff[0], busy.OnOff[1], a, b, short(busy.OnOff[0]), short(busy.OnOff[1]))
		if !strings.Contains(doc, row) {
			t.Errorf("the disconnect tone of %s is not\n%s", country, row)
		}
	}
}

// boxCallsIn lets a caller of the line come through to an agent and hang up.
func (o *Office) boxCallsIn(b *box, from string) {
	o.T.Helper()
	b.from = from
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := b.Call("8130") // the user of the forward, as the document says
	o.must(c.WaitUp(ctx))
	<-time.After(time.Second)
	c.SendDigits("1", phone.RFC4733)
	o.Until("an agent has answered", 20*time.Second, func() bool {
		calls := o.House().View().Calls
		return len(calls) == 1 && calls[0].Connected
	})
	<-time.After(3 * time.Second)
	c.HangUp() // the box heard busy tone
	o.Until("the call is over", 5*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
	<-time.After(20 * time.Second) // after-call work
}

// boxIsCalled lets a phone of the house call out over the box.
func (o *Office) boxIsCalled(b *box, ana *phone.Phone) {
	o.T.Helper()
	b.from = ""
	calls := make(chan *phone.Call, 1)
	b.OnCall = func(c *phone.Call) { c.Answer(); calls <- c } // when the number is out
	c := o.through(ana, "0910111222")
	got := <-calls
	if got.To != "910111222" {
		o.T.Errorf("the box was asked for %s", got.To)
	}
	if n := o.House().View().Trunks[0].Used; n != 1 {
		o.T.Errorf("%d calls are on the trunk", n)
	}
	second := o.Phone("10.0.0.22", phone.Account{User: "202", Password: "secret-of-202"})
	defer second.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	o.must(second.Register(ctx))
	busy := second.Call("0910111333")
	o.must(busy.WaitEnd(ctx)) // one line, one call
	got.HangUp()
	o.must(c.WaitEnd(ctx))
}

func (o *Office) boxBooked() {
	o.T.Helper()
	var got []string
	for _, r := range o.Records() {
		got = append(got, fmt.Sprintf("%s %s %q->%s %s", r.Direction, r.Port, r.From, r.To, r.Cause))
	}
	want := []string{`in linea "600123456"->913000000 normal`, `in linea ""->913000000 normal`,
		`out linea "201"->0910111222 normal`, `out linea "202"->0910111333 congestion`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		o.T.Errorf("booked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	assumed := 0
	for _, row := range o.Facts() {
		if f, err := row.Fact(); err != nil {
			o.T.Error(err)
		} else if f.Evidence == "200 OK; this box gives no answer signal" {
			assumed++
		}
	}
	if assumed != 1 {
		o.T.Errorf("%d answers are booked as assumed", assumed)
	}
}
